//! Logging in at a server. That the login can be kept is found out before a person is asked for anything, and the login
//! that this one replaces is ended at its server only after the new one is in the store.

use std::collections::BTreeSet;

use tokio::sync::watch;

use crate::access::Authority;
use crate::agent::Agent;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::naming;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::life::auditing::About;
use crate::agent::life::flights::Boarding;
use crate::agent::login;
use crate::agent::upstream::turns::Turn;
use crate::base::{AccountKey, Credential, Origin, Secret, ServerUrl, TermsKind};
use crate::store::Record;
use crate::wire::{Checked, Fault, Login, LoginEvent, LoginReply, Revocation, reason};

impl Handle for Login {
    const EVENT: Noted = Noted::Done("login");
    const CHANGES_ACCOUNT: bool = true;
    const USES_WHAT_IS_KEPT: bool = true;

    fn gives_rights(&self) -> bool {
        true
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LoginReply, Fault> {
        let server = caller.server(&agent.settings, self.server.clone(), self.account.as_deref())?;
        if self.issuer.is_some() {
            // It would be sent what the settings have for another, and what is kept here would go on asking it.
            caller.the_user()?;
        }
        let seat = if !self.for_git {
            agent.flights.take(&server)
        } else {
            match agent.flights.board(&server) {
                Boarding::Mine(seat) => seat,
                Boarding::Others(waiting) => {
                    return join(agent, &server, self.account.as_deref(), waiting, caller).await;
                }
                Boarding::LeftAlone => return Err(reason::Flow::LeftAlone { server }.into()),
            }
        };
        // A store that cannot keep the login is found out before a person is asked to approve it.
        agent.accounts.with(|_| ()).await?;
        let reply = self.log_in(agent, &server, caller).await?;
        seat.arrived();
        Ok(reply)
    }
}

impl Login {
    /// Logs in, and ends the login that this one takes the place of. Some servers end both then, as they are of one
    /// consent, or of one session: a login that did not survive is made once more, and now there is nothing to end.
    async fn log_in(&self, agent: &Agent, server: &ServerUrl, caller: &mut Caller<'_>) -> Result<LoginReply, Fault> {
        let mut ended_both = false;
        loop {
            let login::Made { credential, user } = login::log_in(&agent.upstream, server, self, caller).await?;
            let (account, instead) = match user.filter(|_| self.account.is_none()) {
                // Whose token it is the server said when it was asked.
                Some(user) => (AccountKey::new(server.clone(), Some(user)), None),
                None => self.account(agent, caller.authority(), server, &credential).await?,
            };
            let secret = credential.secret().clone();
            let credential_is_given = credential.origin() == Origin::Given;
            // A renewal under way would leave tokens behind that nobody knows of.
            let held = turns(agent, instead.iter().chain([&account])).await;
            let (reply, replaced) = login::keep(&agent.upstream, caller, account.clone(), instead, credential).await?;
            let mut revoked = false;
            // A store that had to be asked twice may say that it replaced what it had just taken.
            let is_old = |old: &&Record| is_of_person(old) && !old.credential().secret().matches(&secret);
            for old in replaced.iter().filter(|old| is_old(old) && !ended_both) {
                match agent.upstream.revoke(old.account(), old.credential()).await {
                    Revocation::Revoked => revoked = true,
                    // It would live on, with nobody to end it.
                    Revocation::Pending => agent.upstream.revoke_soon(old.account().clone(), old.credential().clone()),
                    Revocation::AlreadyInvalid | Revocation::NotSupported | Revocation::NotAsked => {}
                }
            }
            drop(held);
            if credential_is_given {
                // A person brought it, and the server was asked about it.
                agent.accounts.note_acceptance(&account, &secret);
            }
            if !revoked || self.lives(agent, &account, &secret).await? {
                return Ok(reply);
            }
            ended_both = true;
            caller.tell(&LoginEvent::Again).await;
        }
    }

    /// Under which name it is kept: the one that was asked for, else that of who logged in, where the server says so.
    /// The other account is that of the same person from a time when they had no name.
    async fn account(
        &self,
        agent: &Agent,
        authority: &Authority,
        server: &ServerUrl,
        credential: &Credential,
    ) -> Result<(AccountKey, Option<AccountKey>), Fault> {
        let Some(terms) = credential.terms().filter(|_| self.account.is_none()) else {
            return Ok((AccountKey::new(server.clone(), self.account.clone()), None));
        };
        let name = |all: &Index| match (&terms.user, terms.kind) {
            (Some(_), _) => naming::of_who_logged_in(all.seen_by(authority), server, terms),
            (None, TermsKind::Machine) => (naming::of_client(all.seen_by(authority), server, terms), None),
            (None, TermsKind::Person) => (AccountKey::new(server.clone(), None), None),
        };
        agent.accounts.with(name).await
    }

    /// Whether the login is still one, after another was ended: the one who can tell is its server.
    async fn lives(&self, agent: &Agent, account: &AccountKey, secret: &Secret) -> Result<bool, Fault> {
        let is_renewable =
            || agent.accounts.look(|all| all.get(account).is_some_and(|held| held.credential().is_renewable()));
        if is_renewable() != Some(true) {
            return Ok(agent.upstream.check(account).await? != Checked::Refused);
        }
        // A renewal that fails in another way says nothing.
        Ok(agent.upstream.renew(account, secret).await.is_ok() || is_renewable() == Some(true))
    }
}

/// The turns of those of these accounts that are renewed. Where one cannot be had, the store takes nothing either.
async fn turns(agent: &Agent, accounts: impl Iterator<Item = &AccountKey>) -> Vec<Turn> {
    let mut turns = Vec::new();
    for account in accounts.collect::<BTreeSet<_>>() {
        let is_renewed = |all: &Index| all.get(account).is_some_and(|held| held.credential().is_renewable());
        if agent.accounts.with(is_renewed).await.unwrap_or_default() {
            turns.extend(agent.upstream.turn(account).await.ok());
        }
    }
    turns
}

/// Whether it is a login of a person, which lives on at its server if nobody ends it there.
fn is_of_person(old: &Record) -> bool {
    let of_person = old.credential().terms().is_none_or(|terms| terms.kind == TermsKind::Person);
    old.credential().origin() == Origin::Login && of_person
}

/// Waits for the login that somebody else began, and answers with what came of it.
async fn join(
    agent: &Agent,
    server: &ServerUrl,
    user: Option<&str>,
    mut waiting: watch::Receiver<()>,
    caller: &mut Caller<'_>,
) -> Result<LoginReply, Fault> {
    caller.tell(&LoginEvent::Waiting).await;
    tokio::select! {
        // It never changes; it closes.
        _ = waiting.changed() => {}
        fault = caller.hung_up() => return Err(fault),
    }
    let found = agent.accounts.for_person(caller.authority(), server, user, |held| {
        let account = held.key().clone();
        let reply = LoginReply {
            server: held.key().server().clone(),
            account: held.key().user().to_owned(),
            stored_in: held.stored_in(),
            expires_at: held.credential().expires(),
            note: None,
            became_default: false,
            user: held.person().map(str::to_owned),
            checked: None,
        };
        held.is_of_use().then_some((account, reply))
    });
    let (account, reply) = found.await?.flatten().ok_or_else(|| fault::not_logged_in(server))?;
    // Whoever logged in is noted; this one changed nothing.
    caller.noting().about = About::account(&account);
    Ok(reply)
}
