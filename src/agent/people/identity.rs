//! What somebody who signed in may do, by the settings as they are now; and what rests on them.

use std::net::IpAddr;

use crate::access::{Holder, Identity, Refused, Rights};
use crate::agent::guard::Source;
use crate::agent::people::{Basis, Session};
use crate::agent::{Agent, fault};
use crate::base::Scope;
use crate::wire::{Actor, Code, Fault, Person};

impl Agent {
    /// What they may do; nothing if the settings do not let them in any more.
    pub(in crate::agent) fn rights_of(&self, identity: &Identity, holder: Holder) -> Result<Option<Rights>, Fault> {
        let configs = self.issuer_configs()?;
        let config = configs.iter().find(|config| config.issuer.is(identity.issuer()));
        Ok(config.and_then(|config| identity.rights(config, holder).ok()))
    }

    /// What may be done in a session; nothing if it rests on what is no more.
    pub(in crate::agent) fn rights_of_session(&self, session: &Session) -> Result<Option<Vec<Rights>>, Fault> {
        let holder = Holder::Session(session.id.clone());
        match &session.basis {
            Basis::Identity(identity) => Ok(self.rights_of(identity, holder)?.map(|rights| vec![rights])),
            // What the token may.
            Basis::Token(id) => {
                let scopes = [Scope::All].into_iter().collect();
                let own = Rights { holder, scopes, servers: Vec::new(), reveal: true, status_only: false };
                Ok(self.rights_of_token(id)?.map(|rights| std::iter::once(own).chain(rights).collect()))
            }
        }
    }

    /// Whether the session of this name goes on. Asking does not make it longer.
    pub(in crate::agent) fn session_holds(&self, id: &str) -> Result<bool, Fault> {
        match self.people.sessions.look(id) {
            Some(session) => Ok(self.rights_of_session(&session)?.is_some()),
            None => Ok(false),
        }
    }

    /// The rights of a token, within what those may do now who handed it on; nothing if one of them may do nothing any more.
    pub(in crate::agent) fn within_identities(
        &self,
        rights: Option<Vec<Rights>>,
    ) -> Result<Option<Vec<Rights>>, Fault> {
        let Some(mut rights) = rights else { return Ok(None) };
        if let Some(Holder::Token(id)) = rights.first().map(|first| first.holder.clone()) {
            for identity in self.identities_behind(&id) {
                let Some(own) = self.rights_of(&identity, Holder::Token(id.clone()))? else { return Ok(None) };
                rights.push(own);
            }
        }
        Ok(Some(rights))
    }

    /// Somebody signed in: their other sessions and what they handed on go by what is said of them now. What of the latter ends
    /// by that is noted under their name.
    pub(in crate::agent) async fn signed_in_anew(
        &self,
        identity: &Identity,
        person: &Person,
        address: IpAddr,
        is_let_in: bool,
    ) -> Result<(), Fault> {
        self.people.sessions.signed_in(identity, is_let_in);
        let ended = self.signed_in(identity.clone(), is_let_in).await?;
        let any = !ended.is_empty();
        for ended in ended {
            let mut actor = actor(person, address);
            if let Actor::Person { token_id, .. } = &mut actor {
                *token_id = Some(ended.id);
            }
            self.audit("device.end", actor, None, Ok(()));
        }
        if any { self.rights_noted().await } else { Ok(()) }
    }

    /// Why somebody stays outside of whom the issuer says who they are. Noted once in a while for each, by name, so that
    /// whoever gives roles sees who has none.
    pub(in crate::agent) fn not_let_in(&self, person: &Person, address: IpAddr, refused: Refused) -> Fault {
        let issuer = person.issuer.as_deref().unwrap_or_default();
        tracing::info!(issuer, %refused, "somebody who signed in is not let in");
        let who = format!("refused {}", person.lasting_name());
        if self.issued.guard.is_news(Source::address(address), &who) {
            self.audit("auth.fail", actor(person, address), None, Err(Code::Denied));
        }
        fault::not_let_in(&person.name, refused)
    }
}

fn actor(person: &Person, address: IpAddr) -> Actor {
    let Person { name: person, subject, issuer } = person.clone();
    Actor::Person { person, subject, issuer, token_id: None, address: address.to_string() }
}
