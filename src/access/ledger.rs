//! The list of issued tokens in `tokens.json`, shared by all agents of a user. A change is on the disk before it is
//! acknowledged, and what another agent revoked counts with the next question; uses that bound nothing are noted in
//! memory first.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::identity::Identity;
use super::issued_token::IssuedToken;
use super::ledger_error::LedgerError;
use super::rights::HeldRights;
use super::standing::Standing;
use super::token_list::{Listed, Presented, TokenList, Use, active, note_uses};
use crate::base::{Expiry, Paths, Secret};

/// The issued tokens, in `tokens.json`. A change is on the disk before it is acknowledged, and agents that share the
/// file see each other's changes with their next question.
///
/// A question looks at the file's stamp and reads it only if that changed. A change holds the file's lock while it
/// reads and writes the file, and nothing that a question needs.
pub struct Ledger {
    pub(super) path: PathBuf,
    pub(super) lock_path: PathBuf,
    pub(super) known: Mutex<TokenList>,
    /// Whether there was a list in this process's life.
    pub(super) was_there: AtomicBool,
}

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
        Ok(standing.is_users() || self.current()?.holds(standing))
    }

    /// Whether any token behind something has a limit of uses.
    pub fn is_counted(&self, standing: &Standing) -> Result<bool> {
        Ok(self.current()?.is_counted(standing))
    }

    /// The earliest time at which a token behind something expires; `None` if none does.
    pub fn ends(&self, standing: &Standing) -> Result<Option<Expiry>> {
        Ok(self.current()?.ends(standing))
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

    /// Whether the token with this id rests on the rights of this person.
    pub fn rests_upon(&self, id: &str, identity: &Identity) -> bool {
        self.known().tokens.iter().any(|token| token.id == id && token.rests_upon(identity))
    }

    /// Whether the token with this id is of what these are: one of them, one that led to them, or one that counts in
    /// the same share as they.
    pub fn is_of(&self, id: &str, those: &Standing) -> bool {
        if those.is_users() {
            return false;
        }
        let known = self.known();
        let share = known.who_has(id);
        known.ids(those).contains(id) || those.ids().any(|one| one == id || known.who_has(one) == share)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::access::{Order, Rights};
    use crate::base::{Scopes, Secret};

    pub(in crate::access) fn order(name: &str, issued_by: &[&str]) -> Order {
        let scopes = Scopes::from_names(["*"]).unwrap();
        let rights = Rights { scopes, grants: None, servers: Vec::new(), reveal: false, status_only: false };
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
            max_age_days: None,
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
        assert_eq!(other.revoke("ci", |_| true).unwrap().all.len(), 1);
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
        assert!(ledger.descends(&child, &parent.id));
        assert!(!ledger.descends(&parent, &child.id));
        ledger.revoke(&parent.id, |_| true).unwrap();
        assert!(rights(&ledger, &secret).is_none());
        let (secret, _) = ledger.issue(Order { max_uses: Some(2), ..order("twice", &[]) }, 10).unwrap();
        let uses = [(); 3].map(|()| rights(&ledger, &secret).is_some());
        assert_eq!(uses, [true, true, false]);
    }
}
