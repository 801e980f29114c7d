//! Changes to what the stores keep, several at once where that is one write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::{Cascade, Change, Changed, Record, StoreError, Version, Wish};
use crate::base::private_file::PrivateFileError;
use crate::base::{AccountKey, StoredIn};

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// Makes these changes, each as if it came after those before it; those that only add share a write. After `until` nothing
    /// is begun: whoever waits has been told by then that it was not done. Why a write failed is said to all who shared it.
    pub fn change_all<F: Clone>(
        &mut self,
        wishes: &mut [Wish],
        until: Instant,
        why: impl Fn(StoreError) -> F,
    ) -> Vec<std::result::Result<Changed, F>> {
        let mut outcomes = Vec::new();
        let mut most = wishes.len();
        while outcomes.len() < wishes.len() {
            let rest = &mut wishes[outcomes.len()..];
            let (count, done) = self.change(rest, most, until);
            match done {
                Ok(changed) => outcomes.extend(changed.into_iter().map(Ok)),
                // What one adds may be too much, and is no reason to refuse the others; nothing was written.
                Err(StoreError::File(PrivateFileError::TooLarge { .. })) if count > 1 => most = 1,
                Err(error) => {
                    let why = why(error);
                    outcomes.extend((0..count).map(|_| Err(why.clone())));
                }
            }
        }
        outcomes
    }

    /// The first of these wishes, or several at once that add to one file: at most so many. Each sees the records as they are
    /// kept now: nobody else changes them meanwhile. What is put goes to the first store and out of the others, so that no
    /// old secret stays behind. Returns how many it was about.
    fn change(&mut self, wishes: &mut [Wish], most: usize, until: Instant) -> (usize, Result<Vec<Changed>>) {
        self.look_for_keyring();
        // A keyring takes them one by one anyway, each with a deadline of its own.
        let most = if self.first() == Some(StoredIn::Keyring) { 1 } else { most };
        let mut count = wishes.len().min(most.max(1));
        let done = self.change_first(wishes, &mut count, until);
        (count, done)
    }

    fn change_first(&mut self, wishes: &mut [Wish], count: &mut usize, until: Instant) -> Result<Vec<Changed>> {
        let _lock = self.lock()?;
        let before = self.lookout.look();
        let asked: BTreeSet<&AccountKey> = wishes[..*count].iter().flat_map(Wish::accounts).collect();
        let asked: Vec<AccountKey> = asked.into_iter().cloned().collect();
        let mut kept = self.collect(|store| store.find(&asked))?;
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
            let version = Version::default();
            all.push(Changed { kept: now.collect(), changed, was, before: version.clone(), after: version });
            if removes {
                break;
            }
        }
        *count = all.len();
        if Instant::now() >= until {
            return Err(StoreError::Late);
        }
        self.write(changes)?;
        let after = self.lookout.look();
        for (nth, changed) in all.iter_mut().enumerate() {
            // Those after the first begin where it ended.
            changed.before = if nth == 0 { before.clone() } else { after.clone() };
            changed.after = after.clone();
        }
        Ok(all)
    }

    fn write(&mut self, changes: BTreeMap<AccountKey, Change>) -> Result<()> {
        let [first, others @ ..] = self.stores.as_mut_slice() else { return Err(StoreError::NotKept) };
        let changed: Vec<AccountKey> = changes.keys().cloned().collect();
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for (account, change) in changes {
            match change {
                Change::Put(record) => put.push(*record),
                Change::Remove => gone.push(account),
            }
        }
        if !put.is_empty() {
            first.put(&put)?;
        }
        if !changed.is_empty() {
            others.iter_mut().try_for_each(|other| other.remove(&changed))?;
        }
        if !gone.is_empty() {
            first.remove(&gone)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::StoreKey;
    use super::super::conformance::{account, record};
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
        // What is added is on the disk; what has to write the whole anew fails, and the login before it is not undone by it.
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
        assert!(outcomes.len() == 2 && outcomes.iter().all(std::result::Result::is_err));
        assert!(cascade.load().unwrap().is_empty());
    }
}
