use std::net::IpAddr;

use crate::access::{Authority, Holder};
use crate::agent::fair::party::network;
use crate::wire::{Actor, Person};

/// Who did something: as they are named in the log, and as whom they are counted there.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) actor: Actor,
    pub(crate) author: Author,
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
        Who { actor: super::own::own_entry("").actor, author: Author::Agent }
    }
}

impl Author {
    /// Whose address this is: one IPv6 address comes with a whole network, and who is on this machine has all that lead back
    /// to it.
    pub(crate) fn at(address: IpAddr) -> Author {
        Author::Network(match network(address) {
            address if address.is_loopback() => "127.0.0.0/8".to_owned(),
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("{address}/64"),
        })
    }

    /// Whoever has a token is counted as the one that all of theirs came of.
    pub(crate) fn of(authority: &Authority) -> Option<Author> {
        let tokens = authority.holders().filter_map(|holder| match holder {
            Holder::Token(id) => Some(id),
            Holder::Session(_) | Holder::AccessToken { .. } | Holder::Nobody => None,
        });
        tokens.last().cloned().map(Author::Restricted)
    }

    /// All others like these together.
    pub(super) fn all(&self) -> Author {
        match self {
            Author::Restricted(_) => Author::Restricted("*".to_owned()),
            Author::Network(_) => Author::Network("*".to_owned()),
            Author::Owner | Author::Agent | Author::Processes => self.clone(),
        }
    }

    /// How several of them are named in one line.
    pub(super) fn actor(&self, one: &Actor) -> Actor {
        match (self, one) {
            (Author::Network(network), _) => Actor::Stranger { address: network.clone() },
            (Author::Restricted(id), Actor::Person { person, subject, issuer, token_id, .. }) if id != "*" => {
                let (person, subject) = (person.clone(), subject.clone());
                let (issuer, token_id) = (issuer.clone(), token_id.clone());
                Actor::Person { person, subject, issuer, token_id, address: "*".to_owned() }
            }
            // No id of a token has a space in it; the name of a person and their issuer does.
            (Author::Restricted(name), _) if name.contains(' ') => {
                let (subject, issuer, token_id) = (None, None, None);
                Actor::Person { person: name.clone(), subject, issuer, token_id, address: "*".to_owned() }
            }
            (Author::Restricted(id), _) => Actor::Token { token_id: id.clone(), address: None },
            (_, Actor::Process { uid, .. }) => Actor::Process { uid: *uid, pid: 0, exe: None, token_id: None },
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
            Actor::Person { person, subject, issuer, .. } => {
                let (name, subject, issuer) = (person.clone(), subject.clone(), issuer.clone());
                Author::Restricted(Person { name, subject, issuer }.lasting_name())
            }
            Actor::Stranger { address } => address.parse().map_or(Author::Network("*".to_owned()), Author::at),
            Actor::Process { .. } => Author::Processes,
        };
        Who { actor, author }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
