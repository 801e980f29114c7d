//! The file of the ledger: how it is read, and changed so that no other agent is overtaken.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::Ledger;
use super::issued_token::IssuedToken;
use super::ledger::Result;
use super::ledger_error::LedgerError;
use super::token_list::{TokenList, active, with_what_came_of};
use crate::base::{Stamp, private_file};

/// The content of `tokens.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    version: u32,
    tokens: Vec<IssuedToken>,
}

const VERSION: u32 = 1;

/// How many tokens that are no longer active stay in the list, for people who look back.
pub(super) const MAX_INACTIVE: usize = 500;

impl Ledger {
    /// Changes the list on the disk first, in memory second; the caller holds the lock. A change of leases alone, which
    /// are in memory only, is none.
    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<IssuedToken>)) -> Result<()> {
        let mut changed = self.current()?.tokens.clone();
        change(&mut changed);
        let active = active(&changed);
        let is_spare = |token: &IssuedToken| !active.contains(&token.id);
        let spare = changed.iter().filter(|token| is_spare(token)).count().saturating_sub(MAX_INACTIVE);
        let oldest = changed.iter().filter(|token| is_spare(token)).take(spare).map(|token| token.id.clone());
        // With what came of them, which has ended as they have: nobody could tell whose it was.
        let gone = with_what_came_of(&changed, oldest.collect());
        changed.retain(|token| !gone.contains(&token.id));
        let (leased, kept): (Vec<_>, Vec<_>) = changed.into_iter().partition(|token| token.leased);
        let mut pages = Pages { version: VERSION, tokens: kept };
        private_file::replace(&self.path, &serde_json::to_vec(&pages).unwrap_or_default())?;
        // From now on it is known that there was a list.
        let _ = File::options().write(true).open(&self.lock_path).and_then(|lock| lock.set_len(1));
        let stamp = Stamp::of(&self.path);
        let mut known = self.known();
        // A lease can be revoked and used like any other token.
        for token in known.tokens.iter_mut().filter(|token| token.leased) {
            if let Some(changed) = leased.iter().find(|changed| changed.id == token.id) {
                token.revoked |= changed.revoked;
                token.uses = token.uses.max(changed.uses);
                token.last_used = token.last_used.max(changed.last_used);
            }
        }
        known.take_over(std::mem::take(&mut pages.tokens), stamp);
        Ok(())
    }

    /// Whether there was a list and its file has disappeared. Every token that was on it has ended.
    pub fn is_gone(&self) -> bool {
        let was_there =
            || self.was_there.load(Ordering::Relaxed) || self.lock_path.metadata().is_ok_and(|lock| lock.len() > 0);
        !private_file::is_there(&self.path) && was_there()
    }

    /// Takes the lock for a change, and reads the file whatever its stamp is: over a network a stamp may be seconds
    /// old, while an open asks the server.
    pub(super) fn lock(&self) -> Result<File> {
        private_file::private_dir(self.path.parent().unwrap_or(Path::new("/")))?;
        let lock = private_file::lock(&self.lock_path)?;
        let tokens = self.read()?;
        let now = Stamp::of(&self.path);
        self.known().take_over(tokens, now);
        Ok(lock)
    }

    /// The tokens as the file has them now; it is read again if it changed.
    pub(super) fn current(&self) -> Result<MutexGuard<'_, TokenList>> {
        let mut known = self.known();
        let now = Stamp::of(&self.path);
        if now != known.stamp {
            let tokens = self.read()?;
            known.take_over(tokens, now);
        }
        Ok(known)
    }

    fn read(&self) -> Result<Vec<IssuedToken>> {
        let Some(text) = private_file::read(&self.path)? else { return Ok(Vec::new()) };
        self.was_there.store(true, Ordering::Relaxed);
        parse(&text).ok_or_else(|| LedgerError::Unreadable { path: self.path.clone() })
    }

    pub(super) fn known(&self) -> MutexGuard<'_, TokenList> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(text: &[u8]) -> Option<Vec<IssuedToken>> {
    let pages: Pages = serde_json::from_slice(text).ok()?;
    (pages.version == VERSION).then_some(pages.tokens)
}
