//! Who did something, in two forms: the name that the log shows, and the author under whom entries are counted. All
//! that can be had in numbers by one party, such as child tokens or addresses of one network, is one author.

use std::net::IpAddr;

use crate::access::{Authority, Standing};
use crate::agent::fair::party::network;
use crate::wire::{Actor, Person};

/// Who did something: as they are named in the log, and as whom they are counted there.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) actor: Actor,
    pub(crate) author: Author,
    /// The tokens behind the door where they did it.
    pub(super) door: Option<String>,
}

/// Whose entries are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Author {
    /// The user, who may read and empty the log anyway.
    Owner,
    /// The agent, of its own accord.
    Agent,
    /// A token with all that it issued, or a person who signed in.
    Restricted(String),
    /// Whoever shows nothing that counts: the addresses that one can have.
    Network(String),
    /// Processes of the user that present tokens which are worth nothing.
    Processes,
}

impl Who {
    /// This agent, which does something of its own accord.
    pub(crate) fn agent() -> Who {
        Who { actor: super::own::own_actor(), author: Author::Agent, door: None }
    }

    /// It counts for this one.
    pub(crate) fn counted_for(self, author: Author) -> Who {
        Who { author, ..self }
    }

    /// They did it at the door that these stand behind. They are not those: whoever comes in there is somebody else.
    pub(crate) fn at(self, door: &Standing) -> Who {
        let ids: Vec<&str> = door.ids().collect();
        Who { door: (!ids.is_empty()).then(|| ids.join(" ")), ..self }
    }
}

impl Author {
    /// Whose address this is: one IPv6 address comes with a whole network, and who is on this machine has all that lead
    /// back to it.
    pub(crate) fn at(address: IpAddr) -> Author {
        Author::Network(match network(address) {
            address if address.is_loopback() => "127.0.0.0/8".to_owned(),
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("{address}/64"),
        })
    }

    /// The person who signed in at an issuer; else the token that was shown, or that they signed in with. Those that
    /// stand behind the door are everybody's there.
    pub(crate) fn of(authority: &Authority, person: Option<&Person>) -> Option<Author> {
        let person = person.filter(|person| person.issuer.is_some()).map(Person::lasting_name);
        person.or_else(|| authority.token().map(str::to_owned)).map(Author::Restricted)
    }

    /// All others like these together.
    pub(super) fn all(&self) -> Author {
        match self {
            Author::Restricted(_) => Author::Restricted("*".to_owned()),
            Author::Network(_) => Author::Network("*".to_owned()),
            Author::Owner | Author::Agent | Author::Processes => self.clone(),
        }
    }

    /// How several of them are named in one line: nobody by name but who did all of it.
    pub(super) fn actor(&self, one: &Actor, other: &Actor) -> Actor {
        match (self, one) {
            (Author::Network(network), _) => Actor::Stranger { address: network.clone() },
            (Author::Restricted(name), Actor::Person { person, subject, issuer, .. })
                if named(person, subject, issuer) == *name =>
            {
                let (person, subject, issuer) = (person.clone(), subject.clone(), issuer.clone());
                let token_id = token_of(one).filter(|id| token_of(other) == Some(id)).cloned();
                Actor::Person { person, subject, issuer, token_id, address: "*".to_owned() }
            }
            // No id of a token has a space in it; the name of a person and their issuer does.
            (Author::Restricted(name), _) if name.contains(' ') => {
                let (subject, issuer, token_id) = (None, None, None);
                Actor::Person { person: name.clone(), subject, issuer, token_id, address: "*".to_owned() }
            }
            (Author::Restricted(id), _) => Actor::Token { token_id: id.clone(), address: None },
            (_, Actor::Process { uid, .. }) => Actor::Process { uid: uid.clone(), pid: 0, exe: None, token_id: None },
            (_, actor) => actor.clone(),
        }
    }
}

impl From<Actor> for Who {
    fn from(actor: Actor) -> Who {
        let author = match &actor {
            Actor::Process { token_id: Some(id), .. }
            | Actor::Person { token_id: Some(id), .. }
            | Actor::Token { token_id: id, .. } => Author::Restricted(id.clone()),
            Actor::Person { person, subject, issuer, .. } => Author::Restricted(named(person, subject, issuer)),
            Actor::Stranger { address } => address.parse().map_or(Author::Network("*".to_owned()), Author::at),
            Actor::Process { .. } => Author::Processes,
        };
        Who { actor, author, door: None }
    }
}

fn named(person: &str, subject: &Option<String>, issuer: &Option<String>) -> String {
    Person { name: person.to_owned(), subject: subject.clone(), issuer: issuer.clone() }.lasting_name()
}

fn token_of(actor: &Actor) -> Option<&String> {
    match actor {
        Actor::Process { token_id, .. } | Actor::Person { token_id, .. } => token_id.as_ref(),
        Actor::Token { token_id, .. } => Some(token_id),
        Actor::Stranger { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Holder, Rights};
    use crate::base::Scopes;

    #[test]
    fn a_line_for_several_names_a_person_only_if_they_did_all_of_it() {
        let anna = |token_id: Option<&str>, address: &str| Actor::Person {
            person: "anna".into(),
            subject: Some("00u1".into()),
            issuer: Some("https://id.example".into()),
            token_id: token_id.map(str::to_owned),
            address: address.into(),
        };
        let Author::Restricted(name) = Who::from(anna(None, "192.0.2.1")).author else { panic!("not a person") };
        let own = Author::Restricted(name);
        assert_eq!(own.actor(&anna(Some("t"), "192.0.2.1"), &anna(Some("t"), "192.0.2.2")), anna(Some("t"), "*"));
        assert_eq!(own.actor(&anna(Some("t"), "192.0.2.1"), &anna(Some("u"), "192.0.2.1")), anna(None, "*"));
        let token = Author::Restricted("root".into());
        let named = token.actor(&anna(Some("child"), "192.0.2.1"), &anna(None, "192.0.2.1"));
        assert_eq!(named, Actor::Token { token_id: "root".into(), address: None });
    }

    #[test]
    fn at_a_door_of_a_token_everybody_is_counted_as_themselves() {
        let none = || Rights {
            scopes: Scopes::default(),
            grants: None,
            servers: Vec::new(),
            reveal: false,
            status_only: false,
        };
        let rights = |id: &str| none().of(Holder::Token(id.into()));
        let shown =
            |id: &str| Authority::owner().within_tokens(&Standing::of_token(id), vec![rights(id), rights("door")]);
        let of = |id: &str| Author::of(&shown(id), None);
        assert_eq!(of("a"), Some(Author::Restricted("a".into())));
        assert_ne!(of("a"), of("b"));
        let anna = Person { name: "anna".into(), subject: None, issuer: Some("https://id.example".into()) };
        assert_eq!(Author::of(&shown("door"), Some(&anna)), Some(Author::Restricted(anna.lasting_name())));
    }

    #[test]
    fn who_has_many_addresses_is_one_party() {
        let at = |text: &str| Author::at(text.parse().unwrap());
        assert_eq!(at("127.0.0.1"), at("127.250.7.9"));
        assert_eq!(at("127.0.0.1"), at("::1"));
        assert_eq!(at("::ffff:127.1.1.1"), at("::1"));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_ne!(at("10.0.0.1"), at("10.0.0.2"));
    }
}
