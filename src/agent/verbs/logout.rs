//! Ends credentials at their servers and forgets them, one or all. Forgetting does not depend on the server: where it
//! cannot be reached the credential goes from the store all the same, and the agent goes on asking from memory.

use std::time::{Duration, Instant};

use crate::agent::Agent;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::life::auditing::About;
use crate::agent::upstream::turns::Turn;
use crate::base::{AccountKey, Credential};
use crate::wire::{Fault, LoggedOut, Logout, LogoutReply, Revocation, reason};

/// A step of a logout of everything ends after this many accounts, this many that wait for their turn, or this time,
/// whichever comes first.
const TOGETHER: usize = 1000;
const TURNS: usize = 32;
const SOON: Duration = Duration::from_secs(5);

impl Handle for Logout {
    const EVENT: Noted = Noted::Done("logout");
    const CHANGES_ACCOUNT: bool = true;
    const USES_WHAT_IS_KEPT: bool = true;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LogoutReply, Fault> {
        let damaged: Vec<AccountKey>;
        let meant = if self.all {
            let authority = caller.authority();
            let find = |accounts: &Index| {
                accounts.seen_by(authority).iter().map(|held| held.key().clone()).collect::<Vec<_>>()
            };
            let meant = agent.accounts.with(find).await?;
            damaged = agent.accounts.damaged(|key| authority.sees(key.server()));
            meant
        } else {
            let server = caller.server(&agent.settings, self.server, self.account.as_deref())?;
            let authority = caller.authority();
            // Claims what an older Loom kept for the server, so that it is logged out too.
            agent.accounts.for_person(authority, &server, None, |_| ()).await?;
            let find = |accounts: &Index| {
                let found = select::of_server(accounts.seen_by(authority), &server, self.account.as_deref());
                found.iter().map(|held| held.key().clone()).collect::<Vec<_>>()
            };
            let meant = agent.accounts.with(find).await?;
            let user = self.account.as_deref();
            damaged =
                agent.accounts.damaged(|key| *key.server() == server && user.is_none_or(|user| user == key.user()));
            if meant.is_empty() && damaged.is_empty() {
                return Err(fault::not_logged_in(&server));
            }
            meant
        };
        if meant.is_empty() && damaged.is_empty() {
            return Err(reason::Login::NobodyLoggedIn.into());
        }
        let mut reply = LogoutReply { accounts: Vec::new() };
        let mut ending = Ending::default();
        for account in damaged {
            caller.noting().about = About::account(&account);
            // Nothing of it is known that a server could be told.
            agent.accounts.forget_damaged(account.clone()).await?;
            caller.notes_done();
            let (server, user) = (account.server().clone(), account.user().to_owned());
            reply.accounts.push(LoggedOut { server, account: user, revocation: Revocation::NotSupported });
        }
        let _ = agent.audit.rights_noted().await;
        for account in meant {
            let revoked = ending.revoke(agent, account.clone(), self.local).await;
            if let Err(fault) = &revoked {
                caller.noting().about = About::account(&account);
                caller.notes(Err(fault.code()));
            }
            // Those before are dead at their servers, whatever becomes of this one.
            if revoked.is_err() || ending.is_enough() {
                std::mem::take(&mut ending).forget(agent, caller, &mut reply).await?;
            }
            revoked?;
        }
        ending.forget(agent, caller, &mut reply).await?;
        Ok(reply)
    }
}

/// Accounts whose credentials were revoked and are about to be forgotten, together: each time the store is written
/// anew.
struct Ending {
    since: Instant,
    revoked: Vec<(AccountKey, Credential, Revocation)>,
    turns: Vec<Turn>,
}

impl Default for Ending {
    fn default() -> Self {
        Ending { since: Instant::now(), revoked: Vec::new(), turns: Vec::new() }
    }
}

impl Ending {
    async fn revoke(&mut self, agent: &Agent, account: AccountKey, local: bool) -> Result<(), Fault> {
        // A renewal under way would leave tokens behind that nobody knows of.
        let is_renewed = |held: &Held| held.credential().is_renewable();
        if agent.accounts.with(|all| all.get(&account).is_some_and(is_renewed)).await? {
            self.turns.push(agent.upstream.turn(&account).await?);
        }
        let found = agent.accounts.with(|all| all.get(&account).map(|held| held.credential().clone())).await?;
        let Some(credential) = found else { return Ok(()) };
        let revocation = if local { Revocation::NotAsked } else { agent.upstream.revoke(&account, &credential).await };
        self.revoked.push((account, credential, revocation));
        Ok(())
    }

    /// What was revoked does not wait long for being forgotten, and a turn is a file that is open.
    fn is_enough(&self) -> bool {
        self.revoked.len() >= TOGETHER || self.turns.len() >= TURNS || self.since.elapsed() >= SOON
    }

    async fn forget(self, agent: &Agent, caller: &mut Caller<'_>, reply: &mut LogoutReply) -> Result<(), Fault> {
        let secret =
            |(account, credential, _): &(AccountKey, Credential, _)| (account.clone(), credential.secret().clone());
        let (gone, forgotten) = agent.accounts.forget(self.revoked.iter().map(secret).collect()).await;
        for (account, credential, revocation) in self.revoked {
            let is_gone = gone.contains(&account);
            let outcome = if is_gone { Ok(()) } else { forgotten.as_ref().copied().map_err(Fault::code) };
            // Each account by itself, however many one question is about.
            caller.noting().about = About::account(&account);
            caller.notes(outcome);
            if !is_gone {
                continue;
            }
            let (server, user) = (account.server().clone(), account.user().to_owned());
            if revocation == Revocation::Pending {
                agent.upstream.revoke_later(account, credential);
            }
            reply.accounts.push(LoggedOut { server, account: user, revocation });
        }
        // That it could not be noted keeps nobody logged in.
        let _ = agent.audit.rights_noted().await;
        forgotten
    }
}
