//! The list of issued tokens in `tokens.json`, shared by all agents of a user. A change is on the disk before it is
//! acknowledged, and what another agent revoked counts with the next question; uses that bound nothing are noted in
//! memory first.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::issued_token::{IssuedToken, Order};
use super::ledger_error::LedgerError;
use super::rights::HeldRights;
use super::standing::Standing;
use super::token_list::{Listed, Presented, TokenList, Use, active, note_uses};
use crate::base::private_file;
use crate::base::{Expiry, Paths, Secret, Stamp};

/// The issued tokens, in `tokens.json`. A change is on the disk before it is acknowledged, and agents that share the
/// file see each other's changes with their next question.
///
/// A question looks at the file's stamp and reads it only if that changed. A change holds the file's lock while it
/// reads and writes the file, and nothing that a question needs.
pub struct Ledger {
    path: PathBuf,
    lock_path: PathBuf,
    known: Mutex<TokenList>,
    /// Whether there was a list in this process's life.
    was_there: AtomicBool,
}

/// The content of `tokens.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    version: u32,
    tokens: Vec<IssuedToken>,
}

const VERSION: u32 = 1;

/// How many tokens that are no longer active stay in the list, for people who look back.
const MAX_INACTIVE: usize = 500;

pub(super) type Result<T> = std::result::Result<T, LedgerError>;

impl Ledger {
    /// The ledger of these directories. Nothing is read yet.
    pub fn new(paths: &Paths) -> Ledger {
        let (path, lock_path) = (paths.tokens_file(), paths.tokens_lock());
        Ledger { path, lock_path, known: Mutex::default(), was_there: AtomicBool::default() }
    }

    /// Looks up a token that somebody presents. This does not count as a use.
    pub fn look(&self, presented: &Secret) -> Result<Presented> {
        let known = self.current()?;
        let Some(id) = known.find(presented).map(|token| token.id.clone()) else { return Ok(Presented::Unknown) };
        Ok(match known.rights(&Standing::of_token(&id)) {
            Some(_) => Presented::Active(id),
            None => Presented::Ended,
        })
    }

    /// Notes one use of every token behind something in memory, where a crash may lose it, and returns their rights. If
    /// one of them has a limit of uses nothing is noted: [`Ledger::count`] has to be called.
    pub fn spend(&self, standing: &Standing) -> Result<Use> {
        let mut known = self.current()?;
        let Some(rights) = known.rights(standing) else { return Ok(Use::Refused) };
        if known.is_counted(standing) {
            return Ok(Use::Counted);
        }
        known.note_use(standing);
        Ok(Use::Granted(rights))
    }

    /// Notes one use of every token behind something on the disk, and returns their rights, if each has any.
    pub fn count(&self, standing: &Standing) -> Result<Option<Vec<HeldRights>>> {
        let _lock = self.lock()?;
        let (rights, ids) = {
            let known = self.current()?;
            (known.rights(standing), known.ids(standing))
        };
        if rights.is_some() {
            self.change(|tokens| note_uses(tokens, &ids))?;
        }
        Ok(rights)
    }

    /// The rights of every token behind something, if each has any.
    pub fn rights(&self, standing: &Standing) -> Result<Option<Vec<HeldRights>>> {
        Ok(self.current()?.rights(standing))
    }

    /// Whether what was begun may go on: no token behind it was revoked or has expired. One that is used up does not
    /// stop it.
    pub fn holds(&self, standing: &Standing) -> Result<bool> {
        Ok(self.current()?.holds(standing))
    }

    /// Whether any token behind something has a limit of uses.
    pub fn is_counted(&self, standing: &Standing) -> Result<bool> {
        Ok(self.current()?.is_counted(standing))
    }

    /// The earliest time at which a token behind something expires; `None` if none does.
    pub fn ends(&self, standing: &Standing) -> Result<Option<Expiry>> {
        Ok(self.current()?.ends(standing))
    }

    /// Issues a token. At most `most` may be active in one share, which is what rests on one person or came of one
    /// token.
    pub fn issue(&self, mut order: Order, most: usize) -> Result<(Secret, Listed)> {
        let lock = (!order.leased).then(|| self.lock()).transpose()?;
        // It would end with them anyway; so it says when.
        order.expires_at = [order.expires_at, self.ends(&order.issued_by)?].into_iter().flatten().min();
        if lock.is_some() {
            let known = self.current()?;
            let active = active(&known.tokens);
            // Names are told apart in each share: nobody learns or takes those of others.
            let share = known.share(order.rests_on(), &order.issued_by);
            let is_in_it = |token: &&IssuedToken| {
                let is_active = active.contains(&token.id) && !token.leased;
                is_active && known.share(token.rests_on(), &token.issued_by) == share
            };
            let rivals = || known.tokens.iter().filter(is_in_it);
            if rivals().any(|token| token.name == order.name) {
                return Err(LedgerError::NameTaken);
            }
            if rivals().count() >= most {
                return Err(LedgerError::TooMany(most));
            }
        }
        let (secret, token) = IssuedToken::issue(order).map_err(LedgerError::NoRandom)?;
        match lock {
            Some(_) => self.change(|tokens| tokens.push(token.clone()))?,
            None => self.current()?.tokens.push(token.clone()),
        }
        Ok((secret, Listed { token, active: true }))
    }

    /// Who the token with this id counts for: the person on whom it rests, or the token that it first came of.
    pub fn who_has(&self, id: &str) -> String {
        self.known().who_has(id)
    }

    /// Every token, oldest first.
    pub fn all(&self) -> Result<Vec<Listed>> {
        let known = self.current()?;
        let active = active(&known.tokens);
        let listed = |token: &IssuedToken| Listed { token: token.clone(), active: active.contains(&token.id) };
        Ok(known.tokens.iter().map(listed).collect())
    }

    /// Revokes the tokens with this name or id for which `may` is true. Returns them, also those that were revoked
    /// before.
    pub fn revoke(&self, name_or_id: &str, may: impl Fn(&IssuedToken) -> bool) -> Result<Vec<Listed>> {
        let _lock = self.lock()?;
        let is_meant = |token: &IssuedToken| (token.name == name_or_id || token.id == name_or_id) && may(token);
        let meant =
            || Ok::<_, LedgerError>(self.all()?.into_iter().filter(|token| is_meant(token)).collect::<Vec<_>>());
        if meant()?.iter().any(|token| !token.revoked) {
            self.change(|tokens| {
                tokens.iter_mut().filter(|token| is_meant(token)).for_each(|token| token.revoked = true);
            })?;
        }
        meant()
    }

    /// Removes tokens from the list for good. They are refused as revoked ones are.
    pub fn forget(&self, ids: &[String]) -> Result<()> {
        let _lock = self.lock()?;
        self.change(|tokens| tokens.retain(|token| !ids.contains(&token.id)))
    }

    /// Ends a leased token.
    pub fn end_lease(&self, id: &str) {
        self.known().tokens.retain(|token| !(token.leased && token.id == id));
    }

    /// The id of the token that somebody presents, also if it is revoked or expired. `None` if the ledger does not have
    /// it.
    pub fn knows(&self, presented: &Secret) -> Result<Option<String>> {
        Ok(self.current()?.find(presented).map(|token| token.id.clone()))
    }

    /// Whether every token of `from` is among those behind `to`, or among those that issued them.
    pub fn leads_to(&self, from: &Standing, to: &Standing) -> Result<bool> {
        let line = self.current()?.ids(to);
        Ok(from.ids().all(|id| line.contains(id)))
    }

    /// Whether `token` was issued by the token with the id `from`, directly or through others.
    pub fn descends(&self, token: &IssuedToken, from: &str) -> bool {
        self.known().ids(&token.issued_by).contains(from)
    }

    /// Changes the list on the disk first, in memory second; the caller holds the lock. A change of leases alone, which
    /// are in memory only, is none.
    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<IssuedToken>)) -> Result<()> {
        let mut changed = self.current()?.tokens.clone();
        change(&mut changed);
        let active = active(&changed);
        let is_spare = |token: &IssuedToken| !active.contains(&token.id);
        let mut spare = changed.iter().filter(|token| is_spare(token)).count().saturating_sub(MAX_INACTIVE);
        changed.retain(|token| {
            let goes = spare > 0 && is_spare(token);
            spare -= usize::from(goes);
            !goes
        });
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::access::Rights;
    use crate::base::{Scopes, Secret};

    pub(in crate::access) fn order(name: &str, issued_by: &[&str]) -> Order {
        let scopes = Scopes::from_names(["*"]).unwrap();
        let rights = Rights { scopes, servers: Vec::new(), reveal: false, status_only: false };
        let issued_by = issued_by.iter().fold(Standing::default(), |all, id| all.and(&Standing::of_token(id)));
        Order {
            name: name.to_owned(),
            rights,
            role: None,
            expires_at: None,
            max_uses: None,
            issued_by,
            approved_by: None,
            identity: None,
            leased: false,
        }
    }

    pub(in crate::access) fn ledger(dir: &tempfile::TempDir) -> Ledger {
        let (path, lock_path) = (dir.path().join("tokens.json"), dir.path().join("tokens.lock"));
        Ledger { path, lock_path, known: Mutex::default(), was_there: AtomicBool::default() }
    }

    /// How many tokens' rights whoever presents this has, as a question of the agent finds out.
    pub(in crate::access) fn rights(ledger: &Ledger, presented: &Secret) -> Option<usize> {
        let Presented::Active(id) = ledger.look(presented).unwrap() else { return None };
        let standing = Standing::of_token(&id);
        match ledger.spend(&standing).unwrap() {
            Use::Refused => None,
            Use::Granted(rights) => Some(rights.len()),
            Use::Counted => ledger.count(&standing).unwrap().map(|rights| rights.len()),
        }
    }

    #[test]
    fn a_token_counts_until_revoked_for_every_agent_and_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (ledger(&dir), ledger(&dir));
        let (secret, token) = one.issue(order("ci", &[]), 10).unwrap();
        assert_eq!(secret.expose().len(), "loom_".len() + 43);
        assert!(rights(&other, &secret).is_some());
        assert!(rights(&other, &Secret::new(format!("{}x", secret.expose()))).is_none());
        assert!(matches!(other.issue(order("ci", &[]), 10), Err(LedgerError::NameTaken)));
        assert!(matches!(other.issue(order("more", &[]), 1), Err(LedgerError::TooMany(1))));
        let text = std::fs::read_to_string(dir.path().join("tokens.json")).unwrap();
        assert!(!text.contains(&secret.expose()[5..]));
        assert_eq!(other.revoke("ci", |_| true).unwrap().len(), 1);
        for ledger in [&one, &other, &ledger(&dir)] {
            assert!(rights(ledger, &secret).is_none());
            assert!(
                ledger.rights(&Standing::of_token(&token.id)).unwrap().is_none() && ledger.all().unwrap()[0].revoked
            );
        }
    }

    #[test]
    fn a_token_dies_with_the_one_that_issued_it_and_when_its_uses_are_up() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, parent) = ledger.issue(order("parent", &[]), 10).unwrap();
        let (secret, child) = ledger.issue(order("child", &[&parent.id]), 10).unwrap();
        assert_eq!(rights(&ledger, &secret), Some(2));
        assert!(ledger.descends(&child, &parent.id) && !ledger.descends(&parent, &child.id));
        ledger.revoke(&parent.id, |_| true).unwrap();
        assert!(rights(&ledger, &secret).is_none());
        let (secret, _) = ledger.issue(Order { max_uses: Some(2), ..order("twice", &[]) }, 10).unwrap();
        let uses = [(); 3].map(|()| rights(&ledger, &secret).is_some());
        assert_eq!(uses, [true, true, false]);
    }
}
