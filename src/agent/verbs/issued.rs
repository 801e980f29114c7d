//! The agent's own tokens: issuing, listing, leasing, ending. Nobody issues a token with more rights, more servers or a
//! later end than they have themselves.

use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::gate::endings::EndNoted;
use crate::agent::gate::issued;
use crate::agent::gate::new_token::NewToken;
use crate::agent::gate::viewer::Viewer;
use crate::agent::life::auditing::{About, Outcome, Who};
use crate::base::{Grant, Grants, Scope, Scopes, is_visible, scopes_of_role};
use crate::wire::{
    Actor, Empty, EndToken, Fault, Generate, GenerateReply, Lease, RevokeToken, RevokeTokenReply, Rotate, RotateReply,
    Tokens, TokensReply, reason,
};

/// The longest name, as in Loki's API.
const MAX_NAME: usize = 255;

impl Handle for Generate {
    const EVENT: Noted = Noted::Done("token.generate");

    fn gives_rights(&self) -> bool {
        true
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<GenerateReply, Fault> {
        let config = agent.settings.config()?;
        let scopes = match (&self.scopes, &self.role) {
            (Some(scopes), None) if !scopes.is_empty() => scopes.clone(),
            // Grants say all that may be called; nothing else is given with them.
            (None, None) if self.grants.is_some() => Scopes::default(),
            (None, Some(role)) => scopes_of_role(role, config.roles())
                .ok_or_else(|| Fault::from(reason::Tokens::UnknownRole { role: role.clone() }))?,
            _ => return Err(reason::Tokens::ScopesOrRole.into()),
        };
        let expires_at = agent.gate.expiry(self.expires_days, caller.authority())?;
        let wanted = NewToken {
            grants: grants(self.grants)?,
            servers: self.servers,
            reveal: self.reveal,
            role: self.role,
            expires_at,
            max_uses: self.max_uses,
            max_age_days: self.max_age_days,
            ..NewToken::handed_on(caller.asker(), caller.authority(), name(&self.name)?, scopes)
        };
        let may_all = caller.authority().sees_everything() && caller.authority().allows(Scope::All);
        let tokens_gone = agent.gate.tokens_gone().filter(|_| may_all);
        let (token, issued) = agent.gate.issue(caller.authority(), wanted).await?;
        caller.gave(&issued).await?;
        Ok(GenerateReply { token, about: issued::info(&issued), tokens_gone })
    }
}

impl Handle for Rotate {
    const EVENT: Noted = Noted::Done("token.rotate");

    fn gives_rights(&self) -> bool {
        true
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<RotateReply, Fault> {
        let viewer = Viewer::new(caller.asker(), caller.authority());
        let rotated = agent.gate.rotate(viewer, caller.authority(), &self.name, self.overlap_seconds).await?;
        let (token, new, old) = rotated.ok_or_else(|| fault::no_such_token(&self.name))?;
        caller.gave(&new).await?;
        Ok(RotateReply { token, about: issued::info(&new), old: issued::info(&old) })
    }
}

impl Handle for Tokens {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<TokensReply, Fault> {
        let issued = agent.gate.issued(Viewer::new(caller.asker(), caller.authority())).await?;
        let shown = issued.iter().filter(|token| self.all || token.active);
        Ok(TokensReply { tokens: shown.map(issued::info).collect() })
    }
}

impl Handle for RevokeToken {
    const EVENT: Noted = Noted::Done("token.revoke");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<RevokeTokenReply, Fault> {
        let viewer = Viewer::new(caller.asker(), caller.authority());
        let who = caller.actor();
        let noted = || EndNoted { event: "token.revoke", who: who.clone() };
        let revoked = agent.gate.revoke_issued(viewer, self.name.clone(), |_| true, noted()).await?;
        if revoked.all.is_empty() {
            return Err(fault::no_such_token(&self.name));
        }
        caller.ended(&revoked);
        if self.forget {
            let ids = revoked.all.iter().map(|token| token.id.clone()).collect();
            agent.gate.forget_issued(ids, noted()).await?;
            if revoked.all.len() > revoked.now.len() {
                // Those that ended now have their entries, and these are off the list as well.
                caller.notes_done();
            }
        }
        Ok(RevokeTokenReply { revoked: revoked.all.iter().map(issued::info).collect() })
    }
}

impl Handle for EndToken {
    const EVENT: Noted = Noted::Done("token.revoke");

    /// Who has a token may end it, and is noted by it. That it is none says nothing (RFC 7009 §2.2); that it is an
    /// issuer's, which goes on, has to be said.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let Some(id) = agent.gate.known_token(&self.token)? else {
            return match agent.gate.issuer_of_token(&self.token)? {
                Some(issuer) => Err(fault::token_of_issuer(&issuer)),
                None => Ok(Empty {}),
            };
        };
        // One that is used up has no rights, and yet what was begun with it goes on until it is revoked.
        if agent.gate.issued_token(id.clone()).await?.is_none_or(|token| token.revoked) {
            return Ok(Empty {});
        }
        let who = match caller.guest() {
            Some(guest) => {
                let address = Some(guest.address().to_string());
                Who::from(Actor::Token { token_id: id.clone(), address }).at(guest.door())
            }
            None => caller.actor(),
        };
        caller.concerns(&id);
        let ended = agent.gate.end_issued(id, EndNoted { event: "token.revoke", who: who.clone() }).await;
        match &ended {
            Ok(true) => caller.noting().was_noted(),
            // It had ended before.
            Ok(false) => caller.noting().note(who, Outcome::Unchanged),
            // That it cannot be noted is no reason to go on with it.
            Err(fault) => caller.noting().note(who, Err(fault.code())),
        }
        ended.map(|_| Empty {})
    }
}

impl Handle for Lease {
    const EVENT: Noted = Noted::Done("token.lease");

    fn gives_rights(&self) -> bool {
        true
    }

    /// Noted when it begins; that it has ended, the end of the connection says.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let (name, grants) = (name(&self.name)?, grants(self.grants)?);
        // Who names nothing hands on the grants that they have, if it is by those that they may do something.
        let own = || caller.authority().grants().filter(|_| self.scopes.is_empty()).cloned();
        let grants = grants.or_else(own);
        let scopes = if grants.is_some() { self.scopes } else { scopes(self.scopes)? };
        let wanted = NewToken {
            grants,
            servers: self.servers,
            reveal: self.reveal,
            leased: true,
            ..NewToken::handed_on(caller.asker(), caller.authority(), name, scopes)
        };
        let (token, issued) = agent.gate.issue(caller.authority(), wanted).await?;
        let _lease = Leased { agent, id: issued.id.clone() };
        caller.concerns(&issued.id);
        caller.notes_done();
        if let Err(fault) = caller.noting().is_on_disk().await {
            caller.noting().note_of_agent("token.revoke", About::right(&issued.id), Ok(()));
            return Err(fault);
        }
        if caller.tell(&GenerateReply { token, about: issued::info(&issued), tokens_gone: None }).await {
            caller.settles();
            caller.closed().await;
        }
        Ok(Empty {})
    }
}

/// Ends the lease however this ends.
struct Leased<'a> {
    agent: &'a Agent,
    id: String,
}

impl Drop for Leased<'_> {
    fn drop(&mut self) {
        self.agent.gate.end_lease(&self.id);
    }
}

/// What was named as grants, if they were: at least one.
fn grants(named: Option<Vec<String>>) -> Result<Option<Grants>, Fault> {
    let Some(named) = named else { return Ok(None) };
    if named.is_empty() {
        return Err(reason::Tokens::NoGrants.into());
    }
    let each = named.iter().map(|text| Grant::parse(text).map_err(|error| fault::bad_grant(text, &error)));
    let grants = Grants::new(each.collect::<Result<Vec<_>, _>>()?);
    grants.map(Some).map_err(|_| reason::Tokens::TooManyGrants.into())
}

fn scopes(scopes: Scopes) -> Result<Scopes, Fault> {
    if !scopes.is_empty() { Ok(scopes) } else { Err(reason::Tokens::ScopesOrRole.into()) }
}

fn name(name: &str) -> Result<String, Fault> {
    let is_name = (1..=MAX_NAME).contains(&name.chars().count()) && is_visible(name);
    is_name.then(|| name.to_owned()).ok_or_else(|| reason::Tokens::BadTokenName.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Authority;
    use crate::agent::gate::asker::{Asker, Peer};
    use crate::base::{Paths, StoreChoice, StoredIn};

    #[tokio::test]
    async fn a_token_that_the_log_cannot_tell_of_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        let agent = Agent::new(paths.clone(), Some(StoreChoice::In(StoredIn::File)), false);
        let peer = Peer { user: crate::os::user::UserId::own(), pid: 1, exe: None };
        let (mut input, mut output) = (tokio::io::empty(), tokio::io::sink());
        let mut caller = Caller::new(&mut input, &mut output, Asker::Process { peer: &peer, door: None }, &agent);
        caller.acts_within(Authority::owner());
        let generate = |name: &str| Generate {
            name: name.into(),
            scopes: Some(Scopes::from_names(["read"]).unwrap()),
            ..Generate::default()
        };
        caller.noting().begin(Generate::EVENT);
        generate("noted").handle(&agent, &mut caller).await.unwrap();
        // The disk fails after it was found to be fine.
        std::fs::remove_file(paths.audit_rights()).unwrap();
        std::fs::create_dir(paths.audit_rights()).unwrap();
        caller.noting().begin(Generate::EVENT);
        assert!(generate("unnoted").handle(&agent, &mut caller).await.is_err());
        let left = agent.gate.issued(Viewer::new(caller.asker(), caller.authority())).await.unwrap();
        assert_eq!(left.iter().map(|token| token.name.as_str()).collect::<Vec<_>>(), ["noted"]);
    }
}
