//! What the ledger holds. The ledger is a file, not memory.
//!
//! Each question looks whether `tokens.json` is another file than before, so that a revocation counts for every agent
//! that shares it; changes are on the disk before they are acknowledged, uses too where they are counted: one for each
//! token that stands behind a request, in one place (`Agent::spend`), whether it was presented, issued the one that
//! was, or set up the door. A change holds the file's lock while it reads the list, whatever a look at its path says,
//! and writes it, and nothing that a question needs. A name is one's own in each share. A leased token is in memory
//! only: it must not outlive its connection, so nothing else may know of it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Deref;

use subtle::{Choice, ConditionallySelectable};

use super::issued_token::IssuedToken;
use super::rights::HeldRights;
use super::standing::Standing;
use crate::base::{Expiry, Secret, Stamp};

/// What the ledger knows of a token that somebody presents.
#[derive(Debug)]
pub enum Presented {
    /// The ledger does not have it.
    Unknown,
    /// It has no rights any more: it, or one that issued it, is revoked, expired or used up.
    Ended,
    /// It has rights; this is its id.
    Active(String),
}

/// The outcome of [`Ledger::spend`](super::Ledger::spend).
#[derive(Debug)]
pub enum Use {
    /// A token behind it has no rights any more.
    Refused,
    /// The use is noted; these are the rights of all tokens behind it.
    Granted(Vec<HeldRights>),
    /// Nothing is noted yet: a token has a limit of uses, and [`Ledger::count`](super::Ledger::count) decides.
    Counted,
}

/// What was revoked.
#[derive(Debug)]
pub struct Revoked {
    /// Those that were meant, also those that were revoked before.
    pub all: Vec<Listed>,
    /// The ids of those that ended by that: they, and what led to them, were neither revoked nor expired before.
    pub now: Vec<String>,
}

/// A token with its state, which depends on the whole list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub(super) token: IssuedToken,
    /// Whether it has rights now: neither it nor any token that led to it is revoked, expired or used up.
    pub active: bool,
}

/// The tokens as they were read or written last. What one is worth depends on all that led to it.
#[derive(Default)]
pub(super) struct TokenList {
    pub(super) stamp: Stamp,
    pub(super) tokens: Vec<IssuedToken>,
}

impl TokenList {
    /// The token that somebody presents. It is compared with every token, so the time says nothing about which one
    /// fits.
    pub(super) fn find(&self, presented: &Secret) -> Option<&IssuedToken> {
        let (mut found, mut index) = (Choice::from(0), 0_u64);
        for (at, token) in (0_u64..).zip(&self.tokens) {
            let is = token.is(presented);
            index.conditional_assign(&at, is);
            found |= is;
        }
        bool::from(found).then(|| &self.tokens[index as usize])
    }

    /// The rights of every token behind something, if each has any.
    pub(super) fn rights(&self, standing: &Standing) -> Option<Vec<HeldRights>> {
        let line = self.whole_line(standing)?;
        line.iter().all(|token| token.is_usable()).then(|| line.iter().map(|token| token.held_rights()).collect())
    }

    /// Whether every token behind something is still there, neither revoked nor expired. One that is used up counts as
    /// there.
    pub(super) fn holds(&self, standing: &Standing) -> bool {
        self.whole_line(standing).is_some_and(|line| line.iter().all(|token| token.is_alive()))
    }

    /// Whether any token behind something has a limit of uses.
    pub(super) fn is_counted(&self, standing: &Standing) -> bool {
        self.line(standing).0.iter().any(|token| token.max_uses.is_some())
    }

    /// The earliest time at which a token behind something expires.
    pub(super) fn ends(&self, standing: &Standing) -> Option<Expiry> {
        self.line(standing).0.iter().filter_map(|token| token.expires_at).min()
    }

    /// Notes one use of every token behind something.
    pub(super) fn note_use(&mut self, standing: &Standing) {
        let ids: HashSet<String> = self.line(standing).0.iter().map(|token| token.id.clone()).collect();
        note_uses(&mut self.tokens, &ids);
    }

    /// The ids of every token behind something, and of those that issued them.
    pub(super) fn ids(&self, standing: &Standing) -> HashSet<String> {
        self.line(standing).0.iter().map(|token| token.id.clone()).collect()
    }

    /// Takes over what the file holds. Uses that were noted in memory since, and leased tokens, are kept.
    pub(super) fn take_over(&mut self, mut tokens: Vec<IssuedToken>, stamp: Stamp) {
        let known: HashMap<&str, &IssuedToken> = self.tokens.iter().map(|token| (token.id.as_str(), token)).collect();
        for token in &mut tokens {
            if let Some(known) = known.get(token.id.as_str()) {
                (token.uses, token.last_used) = (token.uses.max(known.uses), token.last_used.max(known.last_used));
            }
        }
        tokens.extend(self.tokens.drain(..).filter(|token| token.leased));
        (self.tokens, self.stamp) = (tokens, stamp);
    }

    fn whole_line<'a>(&'a self, standing: &'a Standing) -> Option<Vec<&'a IssuedToken>> {
        let (line, whole) = self.line(standing);
        whole.then_some(line)
    }

    /// The tokens behind something and those that issued them, each once, the nearest first; and whether all are known.
    /// One that was removed from the list is worth nothing, and neither is what it led to.
    pub(super) fn line<'a>(&'a self, standing: &'a Standing) -> (Vec<&'a IssuedToken>, bool) {
        let (mut line, mut whole) = (Vec::<&IssuedToken>::new(), true);
        let mut left: VecDeque<&str> = standing.ids().collect();
        while let Some(id) = left.pop_front() {
            if line.iter().any(|token| token.id == id) {
                continue;
            }
            match self.tokens.iter().find(|token| token.id == id) {
                Some(token) => {
                    line.push(token);
                    left.extend(token.issued_by.ids());
                }
                None => whole = false,
            }
        }
        (line, whole)
    }
}

impl Listed {
    pub(super) fn is_revoked(&mut self) {
        (self.token.revoked, self.active) = (true, false);
    }
}

impl Deref for Listed {
    type Target = IssuedToken;

    fn deref(&self) -> &IssuedToken {
        &self.token
    }
}

/// Notes one more use of each of these tokens. One that took another's place, and that one, share the uses that are
/// left for as long as both have rights.
pub(super) fn note_uses(tokens: &mut [IssuedToken], ids: &HashSet<String>) {
    let beside = |token: &IssuedToken| {
        let old = token.instead_of.iter().filter(|_| ids.contains(&token.id)).cloned();
        let new = token.instead_of.iter().filter(|old| ids.contains(*old)).map(|_| token.id.clone());
        old.chain(new).collect::<Vec<_>>()
    };
    let others: HashSet<String> = tokens.iter().flat_map(beside).filter(|id| !ids.contains(id)).collect();
    for token in tokens.iter_mut() {
        if ids.contains(&token.id) {
            token.note_use();
        } else if others.contains(&token.id) {
            token.lose_use();
        }
    }
}

/// These ids, and those of all tokens that came of them, directly or through others.
pub(super) fn with_what_came_of(tokens: &[IssuedToken], mut ids: HashSet<String>) -> HashSet<String> {
    loop {
        let came_of = |token: &&IssuedToken| token.issued_by.ids().any(|id| ids.contains(id));
        let more = tokens.iter().filter(|token| !ids.contains(&token.id)).filter(came_of);
        let more: Vec<String> = more.map(|token| token.id.clone()).collect();
        if more.is_empty() {
            return ids;
        }
        ids.extend(more);
    }
}

/// The ids of the tokens that have rights now: neither they nor any that led to them are revoked, expired or used up.
pub(super) fn active(tokens: &[IssuedToken]) -> HashSet<String> {
    let usable = tokens.iter().filter(|token| token.is_usable());
    let mut active: HashMap<&str, &Standing> = usable.map(|token| (token.id.as_str(), &token.issued_by)).collect();
    loop {
        let dead: Vec<&str> = active
            .iter()
            .filter(|(_, issued_by)| !issued_by.ids().all(|id| active.contains_key(id)))
            .map(|(id, _)| *id)
            .collect();
        if dead.is_empty() {
            return active.into_keys().map(str::to_owned).collect();
        }
        dead.iter().for_each(|id| {
            active.remove(id);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::LedgerError;
    use super::super::ledger::tests::{ledger, order, rights};
    use super::*;
    use crate::access::{Ledger, Order};

    #[test]
    fn one_use_of_what_a_token_led_to_is_a_use_of_the_token() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, parent) = ledger.issue(Order { max_uses: Some(3), ..order("parent", &[]) }, 10).unwrap();
        let (child, _) = ledger.issue(order("child", &[&parent.id]), 10).unwrap();
        let (lease, leased) = ledger.issue(Order { leased: true, ..order("lease", &[&parent.id]) }, 0).unwrap();
        assert!(rights(&ledger, &child).is_some());
        assert!(rights(&ledger, &lease).is_some());
        let now = ledger.all().unwrap();
        let used =
            |id: &str| now.iter().find(|token| token.id == id).map(|token| (token.uses, token.last_used.is_some()));
        assert_eq!((used(&parent.id), used(&leased.id)), (Some((2, true)), Some((1, true))));
        assert!(rights(&ledger, &child).is_some());
        assert!(rights(&ledger, &child).is_none(), "the parent's are used up");
        assert!(rights(&ledger, &lease).is_none(), "the parent's are used up");
        assert!(ledger.holds(&Standing::of_token(&leased.id)).unwrap(), "what was begun goes on");
        assert!(rights(&self::ledger(&dir), &child).is_none(), "with another agent too");
    }

    #[test]
    fn who_has_no_rights_any_more_is_inactive_and_leaves_name_and_place() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, parent) = ledger.issue(order("parent", &[]), 3).unwrap();
        let (_, child) = ledger.issue(order("child", &[&parent.id]), 3).unwrap();
        ledger.issue(order("grandchild", &[&child.id]), 3).unwrap();
        ledger.revoke("parent", |_| true).unwrap();
        assert!(ledger.all().unwrap().iter().all(|token| !token.active));
        for name in ["parent", "child", "grandchild"] {
            ledger.issue(order(name, &[]), 3).unwrap();
        }
        assert!(matches!(ledger.issue(order("more", &[]), 3), Err(LedgerError::TooMany(3))));
    }

    #[test]
    fn what_two_stand_behind_ends_with_either_and_no_later_than_both() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let until = |seconds| Expiry::from_unix(crate::base::clock::now().as_second() + seconds);
        let (_, one) = ledger.issue(Order { expires_at: until(500), ..order("one", &[]) }, 10).unwrap();
        let (_, two) = ledger.issue(Order { expires_at: until(100), ..order("two", &[]) }, 10).unwrap();
        let long = Order { expires_at: until(1000), ..order("child", &[&one.id, &two.id]) };
        let (secret, child) = ledger.issue(long, 10).unwrap();
        assert_eq!((rights(&ledger, &secret), child.expires_at), (Some(3), two.expires_at));
        assert!(ledger.descends(&child, &one.id));
        assert!(ledger.descends(&child, &two.id));
        ledger.revoke("two", |_| true).unwrap();
        assert!(rights(&ledger, &secret).is_none());
        assert!(!ledger.holds(&Standing::of_token(&child.id)).unwrap());
        ledger.forget(std::slice::from_ref(&one.id)).unwrap();
        assert!(rights(&ledger, &secret).is_none());
    }

    #[test]
    fn a_change_is_made_to_what_is_in_the_file_whatever_is_known_of_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (ledger(&dir), ledger(&dir));
        let limited = |name: &str| Order { max_uses: Some(2), ..order(name, &[]) };
        let (secret, twice) = one.issue(limited("twice"), 10).unwrap();
        // A network's file system may show what is new of a path before what is in the file was read, or the other way
        // round.
        let is_late = |ledger: &Ledger| ledger.known().stamp = Stamp::of(&dir.path().join("tokens.json"));
        let (_, by_other) = other.issue(order("by-other", &[]), 10).unwrap();
        is_late(&one);
        let named = |ledger: &Ledger| ledger.all().unwrap().iter().map(|token| token.name.clone()).collect::<Vec<_>>();
        assert!(matches!(one.issue(order("by-other", &[]), 10), Err(LedgerError::NameTaken)));
        one.issue(order("by-one", &[]), 10).unwrap();
        assert_eq!(named(&self::ledger(&dir)), ["twice", "by-other", "by-one"]);
        for uses in [Some(1), Some(1), None] {
            is_late(&other);
            assert_eq!(other.count(&Standing::of_token(&twice.id)).unwrap().map(|rights| rights.len()), uses);
        }
        is_late(&one);
        assert!(one.count(&Standing::of_token(&twice.id)).unwrap().is_none());
        assert!(rights(&one, &secret).is_none());
        other.revoke(&by_other.id, |_| true).unwrap();
        is_late(&one);
        assert!(one.revoke(&by_other.id, |_| true).unwrap().now.is_empty());
    }

    #[test]
    fn a_leased_token_is_never_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (secret, token) = ledger.issue(Order { leased: true, ..order("exec", &[]) }, 0).unwrap();
        ledger.issue(order("ci", &[]), 10).unwrap();
        assert!(rights(&ledger, &secret).is_some());
        assert!(!std::fs::read_to_string(dir.path().join("tokens.json")).unwrap().contains(&token.id));
        ledger.end_lease(&token.id);
        assert!(rights(&ledger, &secret).is_none());
    }
}
