//! What somebody who signed in may do, by the settings as they are now; and what rests on them.
//!
//! What somebody hands on who signed in at an issuer carries their `Identity`: issuer, subject, and the claims that the
//! settings look at. With each use the rights of that person by the settings of the moment are one more link of the
//! chain, so a changed rule narrows or ends it without a list to go through; a sign-in replaces the claims, and one
//! that is refused revokes (`handed_on`).

use crate::access::{Authority, HeldRights, Holder, Identity, Refused, Rights, Standing};
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::endings::EndNoted;
use crate::agent::gate::guard::Source;
use crate::agent::gate::guest::Guest;
use crate::agent::gate::people::{Basis, Session};
use crate::agent::life::auditing::{About, Who};
use crate::base::Scope;
use crate::wire::{Actor, Code, Fault, Person};

impl Gate {
    /// What they may do; nothing if the settings do not let them in any more.
    pub(crate) fn rights_of(&self, identity: &Identity, holder: Holder) -> Result<Option<HeldRights>, Fault> {
        let configs = self.issuer_configs()?;
        let config = configs.iter().find(|config| config.issuer.is(identity.issuer()));
        Ok(config.and_then(|config| identity.rights(config).ok()).map(|rights| rights.of(holder)))
    }

    /// What whoever signed in may do in a session, beside what those may who stand behind it; nothing if the settings
    /// do not let them in any more. Who came in with a token has what the token has.
    pub(crate) fn rights_in_session(&self, session: &Session) -> Result<Option<HeldRights>, Fault> {
        let holder = Holder::Session(session.id.clone());
        match &session.basis {
            Basis::Identity(identity) => self.rights_of(identity, holder),
            Basis::Token(_) => {
                let scopes = [Scope::All].into_iter().collect();
                let rights = Rights { scopes, grants: None, servers: Vec::new(), reveal: true, status_only: false };
                Ok(Some(rights.of(holder)))
            }
        }
    }

    /// What may be done in a session; nothing if it rests on what is no more.
    pub(crate) fn authority_of_session(&self, session: &Session) -> Result<Option<Authority>, Fault> {
        let Some(own) = self.rights_in_session(session)? else { return Ok(None) };
        let standing = session.standing();
        let rights = self.rights_behind(&standing)?;
        Ok(rights.map(|rights| Authority::owner().within(own).within_tokens(&standing, rights)))
    }

    /// What may be done in the session of this name, beside what those may who stand behind it; nothing if it is no
    /// more. Asking does not make it longer.
    pub(crate) fn rights_in_session_of(&self, id: &str) -> Result<Option<HeldRights>, Fault> {
        self.people.sessions.look(id).map_or(Ok(None), |session| self.rights_in_session(&session))
    }

    /// What those may do now who handed on these tokens, and those that led to them; nothing if one of them may do
    /// nothing any more.
    pub(crate) fn rights_of_people_behind(&self, standing: &Standing) -> Result<Option<Vec<HeldRights>>, Fault> {
        let id = standing.ids().next().unwrap_or_default();
        let own = |identity: &Identity| self.rights_of(identity, Holder::Token(id.to_owned())).transpose();
        let identities = self.identities_behind(standing)?;
        let all: Vec<_> = identities.iter().filter_map(own).collect::<Result<_, Fault>>()?;
        Ok((all.len() == identities.len()).then_some(all))
    }

    /// Somebody signed in: their other sessions and what they handed on go by what is said of them now. What ends by
    /// that is noted under their name.
    pub(crate) async fn signed_in_anew(
        &self,
        identity: &Identity,
        person: &Person,
        guest: &Guest,
        is_let_in: bool,
    ) -> Result<(), Fault> {
        let who = who(person, guest);
        let ended = self.people.sessions.signed_in(identity, is_let_in);
        for session in &ended {
            self.audit.note("auth.session_end", who.clone(), About::right(&session.id), Ok(()));
        }
        let any = self.signed_in(identity.clone(), is_let_in, EndNoted { event: "device.end", who }).await?;
        if any || !ended.is_empty() { self.audit.rights_noted().await } else { Ok(()) }
    }

    /// Why somebody stays outside of whom the issuer says who they are. Noted once in a while for each, by name, so
    /// that whoever gives roles sees who has none.
    pub(crate) fn not_let_in(&self, person: &Person, guest: &Guest, refused: Refused) -> Fault {
        let issuer = person.issuer.as_deref().unwrap_or_default();
        tracing::info!(issuer, %refused, "somebody who signed in is not let in");
        let refused_one = format!("refused {}", person.lasting_name());
        if self.issued.guard.note_if_new(Source::address(guest.address()), &refused_one) {
            self.audit.note("auth.fail", who(person, guest), None, Err(Code::Denied));
        }
        fault::not_let_in(&person.name, refused)
    }
}

fn who(person: &Person, guest: &Guest) -> Who {
    let Person { name: person, subject, issuer } = person.clone();
    let actor = Actor::Person { person, subject, issuer, token_id: None, address: guest.address().to_string() };
    Who::from(actor).at(guest.door())
}
