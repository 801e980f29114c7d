//! Whose turn it is to use up a refresh token.
//!
//! Whoever asks for an account that is being renewed waits for the same answer. Every request that uses up a refresh
//! token waits for its turn, one per account: two at a time with the same one look like theft to a server that rotates
//! them, which then ends the login. A token with other scopes or for another resource waits for its turn too; it is
//! handed out and not kept, but a refresh token that came with it is. Agents that share a store take turns by a lock on
//! a file below `renewals/`; whose turn it is reads the stores first. One that cannot be compared with them has no
//! turn: what it holds may be used up.
//!
//! A renewal waits behind whoever asked, for as long as a renewal of another agent can take. Whoever asked is told
//! after five seconds which process has the turn.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::agent::blocking::on_thread;
use crate::agent::upstream::Upstream;
use crate::base::lock;
use crate::base::private_file::PrivateFileError;
use crate::base::{AccountKey, hex, private_file};
use crate::wire::{Fault, reason};

/// How long another agent's renewal is waited for: longer than any renewal takes. An agent that holds the lock longer
/// hangs, and is not waited for.
const TURN_WITHIN: Duration = Duration::from_secs(70);

/// How long whoever asks for a new token waits for those who have the turn, as for every other lock.
pub(super) const TURN_ASKED: Duration = Duration::from_secs(5);

/// Who may speak to a server with an account's refresh token: one at a time, for two with the same one look like theft
/// to the server, which then ends the login.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<AccountKey, Arc<tokio::sync::Mutex<()>>>>);

/// Held by whoever's turn it is.
pub(crate) struct Turn {
    _own: tokio::sync::OwnedMutexGuard<()>,
    _others: Option<File>,
}

impl Turns {
    /// The turn of an account. Turns that nobody has or waits for are forgotten on the way.
    fn of(&self, account: &AccountKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = lock(&self.0);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(account.clone()).or_default().clone()
    }
}

impl Upstream {
    /// Waits for the turn, in this agent and among others that share the store; what they got by then is taken over.
    /// An account that cannot be compared with the stores has no turn: its refresh token may have been used up.
    pub(crate) async fn turn(&self, account: &AccountKey) -> Result<Turn, Fault> {
        let own = self.turns.of(account).lock_owned().await;
        let others = self.lock_out_others(account, TURN_WITHIN).await.ok().flatten();
        self.accounts.read_anew().await?;
        Ok(Turn { _own: own, _others: others })
    }

    /// The turn, for whom somebody waits: an error that says which process has it, and keeps it for long.
    pub(super) async fn turn_soon(&self, account: &AccountKey) -> Result<Turn, Fault> {
        let Ok(own) = timeout(TURN_ASKED, self.turns.of(account).lock_owned()).await else {
            return Err(self.who_has_turn(account).await);
        };
        let others = self.lock_out_others(account, TURN_ASKED).await?;
        self.accounts.read_anew().await?;
        Ok(Turn { _own: own, _others: others })
    }

    /// Says which process has the turn of an account.
    pub(super) async fn who_has_turn(&self, account: &AccountKey) -> Fault {
        let held = self.lock_out_others(account, Duration::ZERO).await.err();
        held.unwrap_or_else(|| reason::Store::Busy.into())
    }

    /// Locks the file of an account's turn, unless somebody else has it for so long. Where none can be locked there is
    /// hardly another agent that renews.
    async fn lock_out_others(&self, account: &AccountKey, time: Duration) -> Result<Option<File>, Fault> {
        let name = hex(&Sha256::digest(account.to_string())[..8]);
        let path = self.paths.renewal_lock(&name);
        let lock = move || {
            let dir = private_file::private_dir(path.parent().unwrap_or(Path::new("/")));
            match dir.and_then(|()| private_file::lock_within(&path, time)) {
                Ok(file) => Ok(Some(file)),
                Err(held @ PrivateFileError::Held { .. }) => Err(held.into()),
                Err(
                    PrivateFileError::Unsafe { .. } | PrivateFileError::TooLarge { .. } | PrivateFileError::Io { .. },
                ) => Ok(None),
            }
        };
        on_thread(lock).await
    }

    /// Waits until nobody has a turn any more, and lets nobody have one. Whoever takes several takes them in the order
    /// of their keys, so that no two wait for each other.
    pub(crate) async fn all_turns(&self) -> Vec<tokio::sync::OwnedMutexGuard<()>> {
        let turns: BTreeMap<_, _> = lock(&self.turns.0).clone().into_iter().collect();
        let mut taken = Vec::new();
        for turn in turns.into_values() {
            taken.push(turn.lock_owned().await);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ServerUrl;

    #[tokio::test]
    async fn turns_that_nobody_has_or_waits_for_are_forgotten_and_no_others() {
        let turns = Turns::default();
        let account = |n: usize| AccountKey::new(ServerUrl::parse(&format!("https://{n}.example")).unwrap(), None);
        let held = turns.of(&account(0)).lock_owned().await;
        let waits = turns.of(&account(0));
        (1..1_000).for_each(|n| drop(turns.of(&account(n))));
        assert_eq!(lock(&turns.0).len(), 2);
        assert!(waits.try_lock().is_err());
        assert!(turns.of(&account(0)).try_lock().is_err());
        drop(held);
        assert!(turns.of(&account(0)).try_lock().is_ok());
    }
}
