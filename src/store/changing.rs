//! Changes to what the stores keep, several at once where that is one write.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::{once, repeat};
use std::time::Instant;

use super::cascade::latest;
use super::contract::{Found, Put};
use super::{Cascade, Change, Changed, Record, Revision, StoreError, Wish};
use crate::base::private_file::PrivateFileError;
use crate::base::{AccountKey, StoredIn};

/// How often a change is decided anew because another program was faster. After that it is an error.
const RACES: usize = 3;

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// Makes these changes in their order, each by what those before it left. Changes that only add records share one
    /// write. After `until` none is begun, since whoever waits has then been told that it was not made. An error of a
    /// shared write is handed, through `why`, to all that shared it.
    pub fn change_all<F: Clone>(
        &mut self,
        wishes: &mut [Wish],
        until: Instant,
        why: impl Fn(StoreError) -> F,
    ) -> Vec<std::result::Result<Changed, F>> {
        let mut outcomes = Vec::new();
        let (mut most, mut races) = (wishes.len(), 0);
        while outcomes.len() < wishes.len() {
            let rest = &mut wishes[outcomes.len()..];
            let (count, done) = self.change(rest, most, until);
            match done {
                Ok(changed) => outcomes.extend(changed.into_iter().map(Ok)),
                // What one adds may be too much, and is no reason to refuse the others; nothing was written.
                Err(StoreError::File(PrivateFileError::TooLarge { .. })) if count > 1 => most = 1,
                // Somebody without this lock was faster, and nothing was written: it is decided anew, by what is there
                // now.
                Err(StoreError::Raced) if races < RACES => races += 1,
                Err(error) => {
                    let why = why(error);
                    outcomes.extend((0..count).map(|_| Err(why.clone())));
                }
            }
        }
        outcomes
    }

    /// Makes the first of these changes, or up to `most` at once if they only add to one file. Nobody else changes the
    /// records meanwhile. New records go to the first store and are removed from the others, so that no old secret
    /// stays behind. Returns for how many changes the outcome is.
    fn change(&mut self, wishes: &mut [Wish], most: usize, until: Instant) -> (usize, Result<Vec<Changed>>) {
        self.look_for_keyring();
        // Others take them one by one anyway, each with a deadline of its own.
        let most = if self.stores.first().is_some_and(|first| first.is_one_write()) { most } else { 1 };
        let mut count = wishes.len().min(most.max(1));
        let done = self.change_first(wishes, &mut count, until);
        (count, done)
    }

    fn change_first(&mut self, wishes: &mut [Wish], count: &mut usize, until: Instant) -> Result<Vec<Changed>> {
        let _lock = self.lock()?;
        let before = self.lookout.look();
        let asked: BTreeSet<&AccountKey> = wishes[..*count].iter().flat_map(Wish::accounts).collect();
        let asked: Vec<AccountKey> = asked.into_iter().cloned().collect();
        let found = self.get(&asked)?;
        let revisions = Revisions::of(&found);
        let mut kept = latest(found);
        let stored_in = self.first().ok_or(StoreError::NotKept)?;
        let (mut all, mut changes) = (Vec::new(), BTreeMap::new());
        for wish in &mut wishes[..*count] {
            let decided = wish.decide(&kept);
            let removes = decided.iter().any(|(_, change)| matches!(change, Change::Remove));
            if removes && !all.is_empty() {
                // It is next, by itself: what writes the whole anew can fail where what adds does not.
                break;
            }
            let mut was = BTreeMap::new();
            let mut changed = BTreeSet::new();
            for (account, change) in decided {
                was.extend(kept.remove(&account).map(|(record, _)| (account.clone(), record)));
                if let Change::Put(record) = &change {
                    kept.insert(account.clone(), (Record::clone(record), stored_in));
                }
                changed.insert(account.clone());
                changes.insert(account, change);
            }
            let now = wish.accounts().iter().filter_map(|account| Some((account.clone(), kept.get(account)?.clone())));
            all.push((now.collect(), changed, was));
            if removes {
                break;
            }
        }
        *count = all.len();
        if Instant::now() >= until {
            return Err(StoreError::Late);
        }
        self.write(changes, &revisions)?;
        let after = self.lookout.look();
        // Those after the first begin where it ended.
        let befores = once(before).chain(repeat(after.clone()));
        let made = all.into_iter().zip(befores).map(|((kept, changed, was), before)| {
            let after = after.clone();
            Changed { kept, changed, was, before, after }
        });
        Ok(made.collect())
    }

    /// Writes what was decided, if each store still has the revisions by which it was decided. The error is
    /// [`StoreError::Raced`] only if nothing was written.
    fn write(&mut self, changes: BTreeMap<AccountKey, Change>, revisions: &Revisions) -> Result<()> {
        let [first, others @ ..] = self.stores.as_mut_slice() else { return Err(StoreError::NotKept) };
        let stored_in = first.stored_in();
        let (mut puts, mut gone) = (Vec::new(), Vec::new());
        for (account, change) in &changes {
            let revision = revisions.get(stored_in, account);
            match change {
                Change::Put(record) => puts.push(Put { record, instead_of: revision.cloned() }),
                Change::Remove => gone.extend(revision.map(|revision| (account.clone(), revision.clone()))),
            }
        }
        if !puts.is_empty() {
            first.put_if(&puts)?;
        }
        // Of several removals some may have been made before one was lost.
        let halfway = |is_written: bool, count: usize| {
            move |error| match error {
                StoreError::Raced if is_written || count > 1 => StoreError::NotKept,
                error => error,
            }
        };
        let mut is_written = !puts.is_empty();
        for other in others {
            let there = |account: &AccountKey| {
                revisions.get(other.stored_in(), account).map(|revision| (account.clone(), revision.clone()))
            };
            let old: Vec<(AccountKey, Revision)> = changes.keys().filter_map(there).collect();
            if !old.is_empty() {
                other.remove_if(&old).map_err(halfway(is_written, old.len()))?;
                is_written = true;
            }
        }
        if !gone.is_empty() {
            first.remove_if(&gone).map_err(halfway(is_written, gone.len()))?;
        }
        Ok(())
    }
}

/// Which value each store had, when it was decided what becomes of it.
#[derive(Default)]
struct Revisions(Vec<(StoredIn, BTreeMap<AccountKey, Revision>)>);

impl Revisions {
    fn of(found: &[(StoredIn, Found)]) -> Revisions {
        let mut all = Revisions::default();
        for (place, found) in found {
            let seen = (found.account.clone(), found.revision.clone());
            match all.0.iter_mut().find(|(known, _)| known == place) {
                Some((_, there)) => drop(there.insert(seen.0, seen.1)),
                None => all.0.push((*place, BTreeMap::from([seen]))),
            }
        }
        all
    }

    fn get(&self, place: StoredIn, account: &AccountKey) -> Option<&Revision> {
        self.0.iter().find(|(known, _)| *known == place)?.1.get(account)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::super::StoreKey;
    use super::super::conformance::{account, record, secrets};
    use super::super::contract::{Listed, Store};
    use super::super::memory::MemoryStore;
    use super::*;
    use crate::base::{Paths, StoreChoice, StoredIn, private_file};

    fn put(n: usize, secret: &str) -> Wish {
        let record = record(n, secret);
        Wish::new(vec![account(n)], move |_, _| Some(Change::Put(Box::new(record.clone()))))
    }

    fn remove(n: usize) -> Wish {
        Wish::new(vec![account(n)], |_, now| now.map(|_| Change::Remove))
    }

    fn cascade(dir: &tempfile::TempDir) -> (Paths, Cascade) {
        let paths = Paths::below(dir.path());
        let cascade = Cascade::open(StoreChoice::In(StoredIn::File), &paths, &StoreKey::new(&paths)).unwrap();
        (paths, cascade)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    /// Who was there before, as each wish is told.
    fn was(outcomes: &[std::result::Result<Changed, String>]) -> Vec<std::result::Result<Vec<String>, String>> {
        let secrets = |changed: &Changed| {
            changed.was.values().map(|record| record.credential().secret().expose().to_owned()).collect()
        };
        outcomes.iter().map(|outcome| outcome.as_ref().map(secrets).map_err(String::clone)).collect()
    }

    #[test]
    fn each_wish_is_told_what_it_replaced_also_where_one_beside_it_fails() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, mut cascade) = cascade(&dir);
        let mut all = |wishes: &mut [Wish]| was(&cascade.change_all(wishes, soon(), |error| error.to_string()));
        assert_eq!(
            all(&mut [put(1, "a"), put(1, "b"), put(2, "c"), remove(1), put(1, "d")]),
            [Ok(vec![]), Ok(vec!["a".to_owned()]), Ok(vec![]), Ok(vec!["b".to_owned()]), Ok(vec![]),]
        );
        let long = "x".repeat(private_file::MAX_SIZE as usize);
        let outcomes = all(&mut [put(1, "e"), put(3, &long), put(2, "f")]);
        assert_eq!((&outcomes[0], &outcomes[2]), (&Ok(vec!["d".to_owned()]), &Ok(vec!["c".to_owned()])));
        assert!(outcomes[1].is_err());
        // What is added is on the disk; what has to write the whole anew fails, and the login before it is not undone
        // by it.
        std::fs::remove_file(paths.previous_credentials_file()).unwrap();
        std::fs::create_dir(paths.previous_credentials_file()).unwrap();
        let outcomes = all(&mut [put(1, "g"), remove(2)]);
        assert_eq!(outcomes[0], Ok(vec!["e".to_owned()]), "this is what a login would revoke");
        assert!(outcomes[1].is_err());
    }

    #[test]
    fn nothing_is_begun_for_who_was_told_that_it_took_too_long() {
        let dir = tempfile::tempdir().unwrap();
        let (_, mut cascade) = cascade(&dir);
        let outcomes = cascade.change_all(&mut [put(1, "a"), put(2, "b")], Instant::now(), |error| error.to_string());
        assert!(outcomes.len() == 2);
        assert!(outcomes.iter().all(std::result::Result::is_err));
        assert!(cascade.load().unwrap().is_empty());
    }
    /// Somebody without the lock puts something there in the last moment, so many times.
    struct Contested(MemoryStore, usize);

    impl Store for Contested {
        fn stored_in(&self) -> StoredIn {
            self.0.stored_in()
        }

        fn list(&mut self) -> Result<Vec<Listed>> {
            self.0.list()
        }

        fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<Found>> {
            self.0.get(accounts)
        }

        fn put_if(&mut self, records: &[Put<'_>]) -> Result<()> {
            if self.1 > 0 {
                self.1 -= 1;
                self.0.put(&[record(1, "theirs")])?;
            }
            self.0.put_if(records)
        }

        fn remove_if(&mut self, accounts: &[(AccountKey, Revision)]) -> Result<()> {
            self.0.remove_if(accounts)
        }
    }

    /// Somebody without the lock is always faster than who wants to remove something here.
    struct Lost(MemoryStore);

    impl Store for Lost {
        fn stored_in(&self) -> StoredIn {
            StoredIn::File
        }

        fn list(&mut self) -> Result<Vec<Listed>> {
            self.0.list()
        }

        fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<Found>> {
            self.0.get(accounts)
        }

        fn put_if(&mut self, records: &[Put<'_>]) -> Result<()> {
            self.0.put_if(records)
        }

        fn remove_if(&mut self, _: &[(AccountKey, Revision)]) -> Result<()> {
            Err(StoreError::Raced)
        }
    }

    #[test]
    fn what_is_written_halfway_is_not_decided_anew_by_what_it_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let (_, mut cascade) = cascade(&dir);
        let mut old = MemoryStore::default();
        old.put(&[record(1, "old")]).unwrap();
        cascade.stores = vec![Box::new(MemoryStore::default()), Box::new(Lost(old))];
        let (decided, new) = (Arc::new(AtomicUsize::new(0)), record(1, "new"));
        let count = decided.clone();
        let wish = Wish::new(vec![account(1)], move |_, _| {
            count.fetch_add(1, Ordering::Relaxed);
            Some(Change::Put(Box::new(new.clone())))
        });
        let outcomes = cascade.change_all(&mut [wish], soon(), |error| error.to_string());
        assert_eq!(was(&outcomes), [Err(StoreError::NotKept.to_string())]);
        assert_eq!(decided.load(Ordering::Relaxed), 1, "who decides anew replaces what it made itself");
        // Of several that are removed some may be gone before one is lost.
        cascade.stores = vec![Box::new(Lost(MemoryStore::default()))];
        cascade.stores[0].put(&[record(1, "a"), record(2, "b")]).unwrap();
        let count = decided.clone();
        let wish = Wish::new(vec![account(1), account(2)], move |_, now| {
            count.fetch_add(1, Ordering::Relaxed);
            now.map(|_| Change::Remove)
        });
        assert!(cascade.change_all(&mut [wish], soon(), |error| error.to_string())[0].is_err());
        assert_eq!(decided.load(Ordering::Relaxed), 1 + 2);
    }

    #[test]
    fn who_loses_a_race_decides_anew_and_gives_up_after_a_few() {
        let dir = tempfile::tempdir().unwrap();
        let (_, mut cascade) = cascade(&dir);
        let mut change = |races: usize, wish: Wish| {
            cascade.stores = vec![Box::new(Contested(MemoryStore::default(), races))];
            let mut outcomes = cascade.change_all(&mut [wish], soon(), |error| error.to_string());
            (outcomes.remove(0), secrets(cascade.stores[0].load().unwrap()).remove(&account(1)))
        };
        let (outcome, kept) = change(1, put(1, "mine"));
        assert_eq!(was(&[outcome]), [Ok(vec!["theirs".to_owned()])], "it knows what it replaced");
        assert_eq!(kept.as_deref(), Some("mine"));
        let first = record(1, "mine");
        let if_first =
            move |_: &AccountKey, now: Option<&Record>| now.is_none().then(|| Change::Put(Box::new(first.clone())));
        let (outcome, kept) = change(1, Wish::new(vec![account(1)], if_first));
        assert!(outcome.unwrap().changed.is_empty());
        assert_eq!(kept.as_deref(), Some("theirs"));
        let (outcome, kept) = change(RACES + 1, put(1, "mine"));
        assert!(outcome.is_err());
        assert_eq!(kept.as_deref(), Some("theirs"));
    }
}
