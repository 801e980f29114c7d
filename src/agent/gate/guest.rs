//! Who comes through the HTTP door, where no kernel says which process it is: what they show decides who they are.
//!
//! Guests are made in one place. On the socket the kernel says who asks, and no token means the user. Over HTTP nothing
//! says so, and a frame without a token must never mean the user: `Asker` is a process or a `Guest`, `Caller` begins
//! with the rights of nobody, and only the rows marked `OPEN` take somebody who has shown nothing. What a frame of a
//! guest says of tokens is ignored.

use std::net::IpAddr;

use crate::access::{Authority, Identity, PREFIX, Presented, Standing, is_jwt};
use crate::agent::fair::party::Party;
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::asker::Asker;
use crate::agent::gate::guard::{Source, Verdict};
use crate::agent::gate::people::{Basis, form_key};
use crate::agent::life::auditing::{About, Author, Who};
use crate::base::{Scope, Secret};
use crate::wire::{Actor, Code, Fault, Person, reason};

/// Somebody elsewhere, with what they may do. Only [`Gate::admit`] makes one, so no door can.
#[derive(Clone, Debug)]
pub struct Guest {
    address: IpAddr,
    person: Option<Person>,
    /// On what their rights rest, if they signed in at an issuer.
    identity: Option<Identity>,
    authority: Authority,
    /// Who stands behind the door they came through, and behind the one where their session was begun.
    door: Standing,
    /// The session's own secret, where there is a session.
    session: Option<Secret>,
}

/// What a request shows of who sends it.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Nothing: somebody who wants to sign in, or a device that waits for an approval.
    Nothing,
    /// `Authorization: Bearer` (RFC 6750 §2.1): an issued token, or an access token of an issuer.
    Bearer(Secret),
    /// The cookie of a page, which allows looking only.
    Cookie(Secret),
    /// The cookie of a page with the key of one of its forms, which allows acting. A page of another site knows no key.
    Form {
        /// The session's secret.
        cookie: Secret,
        /// The form's key, a hash of that secret.
        key: Secret,
    },
}

impl Guest {
    /// The address from which the request came.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Who stands behind the door they came through, and behind the one where their session was begun: whatever they
    /// begin there ends with both.
    pub(crate) fn door(&self) -> &Standing {
        &self.door
    }

    pub(crate) fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The issued token that they showed, or with which their session was begun: never that of the door.
    pub(crate) fn token(&self) -> Option<&str> {
        if self.identity.is_some() { None } else { self.authority.token() }
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(crate) fn session(&self) -> Option<&Secret> {
        self.session.as_ref()
    }

    pub(crate) fn who(&self) -> Who {
        let who = Who::from(self.actor()).at(&self.door);
        match Author::of(&self.authority, self.person()) {
            Some(author) => who.counted_for(author),
            None => who,
        }
    }

    fn actor(&self) -> Actor {
        let (token_id, address) = (self.token().map(str::to_owned), self.address.to_string());
        match (&self.person, token_id) {
            (Some(Person { name, subject, issuer }), token_id) => {
                let (subject, issuer) = (subject.clone(), issuer.clone());
                Actor::Person { person: name.clone(), subject, issuer, token_id, address }
            }
            (None, Some(token_id)) => Actor::Token { token_id, address: Some(address) },
            (None, None) => Actor::Stranger { address },
        }
    }
}

impl Gate {
    /// The party of which a guest's connections and requests count.
    pub fn party(&self, guest: &Guest) -> Party {
        self.party_of(Party::at(guest.address), guest.person(), guest.token(), guest.authority())
    }

    /// The party of which the requests of this asker count, be it a guest or a process of the user.
    pub(crate) fn party_asking(&self, asker: Asker<'_>, authority: &Authority) -> Party {
        match asker {
            Asker::Guest(guest) => self.party(guest),
            Asker::Process { peer, .. } => self.party_of(Party::process(peer.pid), None, authority.token(), authority),
        }
    }

    pub(crate) fn party_of(
        &self,
        place: Party,
        person: Option<&Person>,
        token: Option<&str>,
        authority: &Authority,
    ) -> Party {
        let who = token.map(|id| self.who_has_token(id)).or(person.map(Person::lasting_name));
        let is_owner = authority.allows(Scope::All) && authority.sees_everything();
        place.named(who.as_deref()).showing(token).owning(is_owner)
    }

    /// Who shows this, from there, at a door that these stand behind: nobody has more rights there than they, and
    /// whoever has any makes a use of theirs. What is worth nothing is a fault, never a guest without a name: a program
    /// that shows a token that was revoked has to learn so.
    pub async fn admit(&self, address: IpAddr, door: &Standing, shown: Shown) -> Result<Guest, Fault> {
        let (authority, door) = (Authority::nobody(), door.clone());
        let stranger = Guest { address, person: None, identity: None, authority, door, session: None };
        match shown {
            Shown::Nothing => Ok(stranger),
            Shown::Bearer(token) => {
                let guest = if token.expose().starts_with(PREFIX) || !is_jwt(token.expose()) {
                    self.by_token(stranger, &token).await?
                } else {
                    Box::pin(self.by_access_token(stranger, &token)).await?
                };
                self.note_guest(&guest);
                Ok(guest)
            }
            Shown::Cookie(cookie) => self.by_session(stranger, cookie).await,
            Shown::Form { cookie, key } => {
                let guest = self.by_session(stranger, cookie).await?;
                let own = guest.session().map(form_key);
                if own.is_some_and(|own| own.matches(&key)) {
                    Ok(guest)
                } else {
                    Err(reason::People::FormOutdated.into())
                }
            }
        }
    }

    async fn by_token(&self, stranger: Guest, token: &Secret) -> Result<Guest, Fault> {
        let Presented::Active(id) = self.presented(token)? else { return Err(self.wrong_proof(&stranger, token)) };
        let standing = Standing::of_token(&id).and(&stranger.door);
        match self.spend(Authority::owner(), &standing).await? {
            Some(authority) => Ok(Guest { authority, ..stranger }),
            None => Err(self.wrong_proof(&stranger, token)),
        }
    }

    async fn by_access_token(&self, stranger: Guest, token: &Secret) -> Result<Guest, Fault> {
        let ended = |fault: &Fault| self.note_expired(&stranger, fault);
        let Some(found) = self.access_token(token, &stranger).await.inspect_err(ended)? else {
            return Err(self.wrong_proof(&stranger, token));
        };
        let authority = self.spend(Authority::owner().within(found.rights), &stranger.door).await?;
        let authority = authority.ok_or(reason::Rights::Unauthenticated)?;
        Ok(Guest { person: Some(found.person), identity: Some(found.identity), authority, ..stranger })
    }

    /// Whose session it is. One that rests on what is no more ends.
    async fn by_session(&self, stranger: Guest, cookie: Secret) -> Result<Guest, Fault> {
        let found = self.people.sessions.find(&cookie).ok_or(reason::Rights::Unauthenticated)?;
        let standing = found.standing().and(&stranger.door);
        let authority = match self.rights_in_session(&found)? {
            Some(own) => self.spend(Authority::owner().within(own), &standing).await?,
            None => None,
        };
        let Some(authority) = authority else {
            if self.authority_of_session(&found)?.is_none() && self.people.sessions.end(&found.id).is_some() {
                self.audit.note("auth.session_end", found.ended_by_agent(), About::right(&found.id), Ok(()));
            }
            return Err(reason::Rights::Unauthenticated.into());
        };
        let identity = match found.basis {
            Basis::Identity(identity) => Some(identity),
            Basis::Token(_) => None,
        };
        let door = found.door.and(&stranger.door);
        Ok(Guest { person: Some(found.person), identity, authority, door, session: Some(cookie), ..stranger })
    }

    /// Notes that somebody was let in, once in a while for each.
    fn note_guest(&self, guest: &Guest) {
        let who = guest.token().map(str::to_owned);
        let who = who.or(guest.person.as_ref().map(Person::lasting_name)).unwrap_or_default();
        if self.issued.guard.note_if_new(Source::address(guest.address), &who) {
            self.audit.note("auth.ok", guest.who(), None, Ok(()));
        }
    }

    /// Notes that an issuer's token has expired.
    fn note_expired(&self, guest: &Guest, fault: &Fault) {
        if fault.code() == Code::Unauthenticated {
            self.audit.note("auth.fail", guest.who(), None, Err(fault.code()));
        }
    }

    /// One more proof that is worth nothing.
    pub(crate) fn wrong_proof(&self, guest: &Guest, proof: &Secret) -> Fault {
        let from = Source::address(guest.address);
        if self.note_ended(proof, guest.who(), Code::Unauthenticated).is_some() {
            return reason::Rights::ProofUnknown.into();
        }
        let verdict = self.issued.guard.failed(from, proof.expose());
        let code = if verdict == Verdict::Wrong { Code::Unauthenticated } else { Code::TooMany };
        self.audit.note("auth.fail", guest.who(), None, Err(code));
        if let Verdict::TooMany(seconds) = verdict {
            return fault::too_many(seconds);
        }
        reason::Rights::ProofUnknown.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Agent;
    use crate::agent::gate::new_token::NewToken;
    use crate::agent::gate::people::Session;
    use crate::base::{Paths, StoreChoice, StoredIn};

    #[tokio::test]
    async fn what_is_begun_in_a_session_names_the_door_of_the_session_too() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::File)), false);
        let mut ids = Vec::new();
        for name in ["own", "door", "other"] {
            let (_, token) = agent.gate.issue(&Authority::owner(), NewToken::named(name, "*")).await.unwrap();
            ids.push(token.id.clone());
        }
        let [own, door, other] = [0, 1, 2].map(|at: usize| Standing::of_token(&ids[at]));
        let (person, address) =
            (Person { name: "me".into(), subject: None, issuer: None }, IpAddr::from([127, 0, 0, 1]));
        let session = Session::new(person, Basis::Token(ids[0].clone()), door.clone(), None, address).unwrap();
        let (cookie, _) = agent.gate.people.sessions.begin(Party::at(address), session).unwrap();
        for (at, all) in
            [(Standing::default(), door.clone()), (door.clone(), door.clone()), (other.clone(), door.and(&other))]
        {
            let guest = agent.gate.admit(address, &at, Shown::Cookie(cookie.clone())).await.unwrap();
            assert_eq!((guest.door(), guest.token()), (&all, own.ids().next()));
        }
    }
}
