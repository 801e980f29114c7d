//! Changes where, and under which key, credentials are kept. A passphrase outlasts every token, so only the user may
//! set one; a new key like the last one also others may ask for.

use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::base::{Secret, StoredIn};
use crate::store::Protection;
use crate::wire::{Empty, Fault, Kept, Migrate, MigrateReply, Rekey, Stores, StoresReply, reason};

impl Handle for Stores {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<StoresReply, Fault> {
        let (first, fallback) = agent.accounts.first_store().await?;
        let count = |stored_in: StoredIn| {
            agent
                .accounts
                .look(|accounts| accounts.iter().filter(|held| held.stored_in() == stored_in).count())
                .unwrap_or_default()
        };
        let kept = StoredIn::ALL.map(|stored_in| Kept { stored_in, count: count(stored_in) });
        let passphrase = agent.lock.key.has_passphrase().map_err(fault::from_store)?;
        Ok(StoresReply {
            first,
            kept: kept.to_vec(),
            passphrase,
            fallback: fallback.map(|reason| caller.locale.render(&reason)),
        })
    }
}

impl Handle for Migrate {
    const EVENT: Noted = Noted::Done("store.migrate");
    const USES_WHAT_IS_KEPT: bool = true;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<MigrateReply, Fault> {
        let late = agent.audit.late("store.migrate", caller.actor());
        let (count, written) = agent.accounts.migrate(self.to, late).await?;
        // They have moved, whatever becomes of the setting.
        caller.notes_done();
        written.map(|()| MigrateReply { count })
    }
}

impl Handle for Rekey {
    const EVENT: Noted = Noted::Done("store.rekey");
    const USES_WHAT_IS_KEPT: bool = true;

    /// What opens the store from now on outlives every token, so that is the user's to say; another key like the last
    /// one is not.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        if self.passphrase.is_some() || self.no_passphrase {
            caller.the_user()?;
        }
        let protection = match (self.passphrase, self.no_passphrase) {
            (Some(passphrase), false) if is_passphrase(&passphrase) => Some(Protection::Passphrase(passphrase)),
            (None, true) => Some(Protection::KeyFile),
            (None, false) => None,
            (Some(_), _) => return Err(reason::Lock::BadPassphrase.into()),
        };
        agent.accounts.rekey(protection, agent.audit.late("store.rekey", caller.actor())).await?;
        caller.notes_done();
        Ok(Empty {})
    }
}

/// One line that can be typed. How good it is, is for the person to judge.
fn is_passphrase(secret: &Secret) -> bool {
    secret.is_one_line() && !secret.expose().is_empty()
}
