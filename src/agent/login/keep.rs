//! The end that every way of logging in has: the credential is in the store before the caller hears that they are
//! logged in. A login that cannot be kept is ended at its server, so that none lives on that nobody holds; one of which
//! the store did not say in time whether it keeps it, only once it says that it does not.

use std::time::Duration;

use tokio::time::Instant;

use crate::agent::accounts::index::Index;
use crate::agent::call::caller::Caller;
use crate::agent::fault;
use crate::agent::gate::needs::SETTINGS;
use crate::agent::life::auditing::About;
use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential, Origin, Scope};
use crate::store::Record;
use crate::wire::{Fault, LoginReply};

/// A store that fails sooner than this does not hang, and does nothing later.
const SWIFT: Duration = Duration::from_millis(1500);

/// Keeps the credential of a login, makes its server the default if there is none, and returns the reply together with
/// what it took the place of.
pub(crate) async fn keep(
    upstream: &Upstream,
    caller: &mut Caller<'_>,
    account: AccountKey,
    instead: Option<AccountKey>,
    credential: Credential,
) -> Result<(LoginReply, Vec<Record>), Fault> {
    let expires_at = credential.expires();
    let user = credential.terms().and_then(|terms| terms.user.clone());
    let new = (credential.origin() == Origin::Login).then(|| (account.clone(), credential.clone()));
    let not_kept = |fault| {
        // Without this the login would go on at its server with nobody to end it.
        new.iter().for_each(|(account, credential)| upstream.revoke_soon(account.clone(), credential.clone()));
        fault
    };
    // A person may have been waited for: who lost the right meanwhile logs nobody in.
    if let Err(fault) = caller.still_may() {
        return Err(not_kept(fault));
    }
    // Ending a login takes what logging out does, also where it came in between.
    let may_go: fn(&Record) -> bool = if caller.authority().allows(Scope::Control) {
        |_| true
    } else {
        |record| record.credential().origin() != Origin::Login
    };
    let secret = credential.secret().clone();
    let asked = Instant::now();
    let kept = match upstream.accounts.keep(account.clone(), instead, credential, may_go).await {
        Ok(kept) => kept,
        // A store that did not answer in time may have kept it all the same.
        Err(fault) => {
            let slow = asked.elapsed() >= SWIFT;
            let has_it = |all: &Index| all.get(&account).is_some_and(|held| held.secret().matches(&secret));
            if let Ok(true) = upstream.accounts.with(has_it).await {
                caller.noting().about = About::account(&account);
                caller.notes_done();
            }
            // Or it keeps it later, or has it and takes it back: if this were revoked now it could take the place of
            // one that works.
            if let Some((account, credential)) = new {
                upstream.revoke_unless_kept(slow, account, credential);
            }
            return Err(fault);
        }
    };
    let Some((stored_in, replaced)) = kept else { return Err(not_kept(fault::scope_missing(Scope::Control))) };
    // Under the name that it is kept under, and now: what follows may take its time, or fail.
    caller.noting().about = About::account(&account);
    caller.notes_done();
    // The login is kept by now; a config file that cannot be written must not make it look failed. Nor does one who may
    // not change the settings: a token for one server says nothing of where the user goes.
    let became_default = SETTINGS.check(caller.authority()).is_ok()
        && upstream.network.settings().default_to(account.server()).await.unwrap_or(false);
    let reply = LoginReply {
        server: account.server().clone(),
        account: account.user().to_owned(),
        stored_in,
        expires_at,
        note: upstream.accounts.unsaid(caller.locale),
        became_default,
        user,
        checked: None,
    };
    Ok((reply, replaced))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Authority, Holder, Standing};
    use crate::agent::Agent;
    use crate::agent::gate::asker::{Asker, Peer};
    use crate::agent::gate::endings::EndNoted;
    use crate::agent::gate::needs::at_server;
    use crate::agent::gate::new_token::NewToken;
    use crate::base::{Paths, Scopes, Secret, ServerUrl, StoreChoice, StoredIn, TokenSource};
    use crate::wire::Code;

    #[tokio::test]
    async fn a_login_whose_token_was_revoked_meanwhile_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::File)), false);
        let scopes = Scopes::from_names(["control"]).unwrap();
        let wanted = NewToken {
            name: "ci".into(),
            scopes,
            servers: Vec::new(),
            reveal: false,
            status_only: false,
            grants: None,
            role: None,
            expires_at: None,
            max_uses: None,
            approved_by: None,
            identity: None,
            max_age_days: None,
            leased: false,
        };
        let (_, token) = agent.gate.issue(&Authority::owner(), wanted).await.unwrap();
        let peer = Peer { user: crate::os::user::UserId::own(), pid: 1, exe: None };
        let (mut input, mut output) = (tokio::io::empty(), tokio::io::sink());
        let mut caller = Caller::new(&mut input, &mut output, Asker::Process { peer: &peer, door: None }, &agent);
        let standing = Standing::of_token(&token.id);
        caller.acts_within(
            Authority::owner().within_tokens(&standing, vec![token.rights().of(Holder::Token(token.id.clone()))]),
        );
        caller.takes(at_server(Scope::Control));
        let account = || AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), Some("u".into()));
        let login = || Credential::token(Secret::new("t".into()), TokenSource::Loom);
        keep(&agent.upstream, &mut caller, account(), None, login()).await.unwrap();
        agent.accounts.forget([(account(), Secret::new("t".into()))].into()).await.1.unwrap();
        agent.gate.end_issued(token.id.clone(), EndNoted::by_agent()).await.unwrap();
        let refused = keep(&agent.upstream, &mut caller, account(), None, login()).await;
        assert_eq!(refused.err().map(|fault| fault.code()), Some(Code::Denied));
        assert!(agent.accounts.with(|all| all.get(&account()).is_none()).await.unwrap());
    }

    #[tokio::test]
    async fn a_login_that_the_store_does_not_take_in_time_is_not_revoked_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::File)), false);
        let peer = Peer { user: crate::os::user::UserId::own(), pid: 1, exe: None };
        let (mut input, mut output) = (tokio::io::empty(), tokio::io::sink());
        let mut caller = Caller::new(&mut input, &mut output, Asker::Process { peer: &peer, door: None }, &agent);
        caller.acts_within(Authority::owner());
        let account = |user: &str| AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), Some(user.into()));
        let login = || Credential::token(Secret::new("t".into()), TokenSource::Loom);
        keep(&agent.upstream, &mut caller, account("first"), None, login()).await.unwrap();
        let hangs = agent.accounts.stores().await.unwrap();
        let failed = keep(&agent.upstream, &mut caller, account("late"), None, login()).await;
        assert_eq!(failed.err().map(|fault| fault.code()), Some(Code::Unavailable));
        let asked = agent.upstream.revokes_again_at().expect("it may have to be revoked");
        assert!(asked > tokio::time::Instant::now() + Duration::from_secs(30), "the store may still keep it");
        drop(hangs);
    }
}
