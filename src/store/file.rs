//! The sealed file as a store.
//!
//! Who knows the file by its inode and where it ended reads on from there, and a record by itself; anything else that
//! changed means reading all of it. Changes that wait for the stores at the same time become one line.
//!
//! An embedded database would do more than this and keep less of it: `redb` lets one process in, SQLite brings a
//! megabyte and its own locks, and neither says which record was damaged. One file per record loses sight of what is
//! missing, and reads ten thousand files at the start.

mod known;

use std::fs::File;
use std::ops::Range;

use self::known::Known;
use super::contract::{Found, Listed, Put, Store};
use super::envelope::SealedRecord;
use super::index::{Everything, Index, Labels};
use super::label::{self, seal_record};
use super::latest::Latest;
use super::legacy_source::LegacySource;
use super::seal::Seal;
use super::sealed_file::{Content, SealedFile};
use super::sign::{FileSign, Sign};
use super::{LegacyKey, Protection, Revision, StoreError, StoreKey};
use crate::base::private_file::PrivateFileError;
use crate::base::{AccountKey, Credential, Paths, ServerUrl, StoredIn};

/// The sealed file as a store. What it holds is known by where it lies, so that a change reads and writes what it is
/// about; what other agents added since is read on. The caller of what changes something holds the lock.
pub(super) struct FileStore {
    file: SealedFile,
    known: Option<Known>,
}

impl FileStore {
    pub(super) fn new(paths: &Paths, key: &StoreKey) -> Self {
        FileStore { file: SealedFile::new(paths, key), known: None }
    }

    pub(super) fn lock(&self) -> Result<File, StoreError> {
        self.file.lock()
    }

    /// Removes records, if `take` finds some. A missing file is not created for this.
    fn take_out(&mut self, take: impl FnOnce(&mut Latest) -> bool) -> Result<(), StoreError> {
        self.known = None;
        let Some(content) = self.file.read::<Latest>()? else { return Ok(()) };
        let mut latest = content.read;
        if take(&mut latest) { self.file.write_without(&content.seal, &latest.into_body()) } else { Ok(()) }
    }

    /// Writes the whole file anew with these records in it.
    fn write_with(&mut self, records: Vec<SealedRecord>, seal: &Seal) -> Result<(), StoreError> {
        self.known = None;
        let mut latest = self.file.read::<Latest>()?.map(|content| content.read).unwrap_or_default();
        let is_taken = records.into_iter().all(|record| latest.add(record, false).is_some());
        if !is_taken {
            return Err(StoreError::NotKept);
        }
        self.file.copy_it()?;
        self.file.write(seal, &latest.into_body())
    }
}

impl Store for FileStore {
    fn stored_in(&self) -> StoredIn {
        StoredIn::File
    }

    fn list(&mut self) -> Result<Vec<Listed>, StoreError> {
        Ok(self.file.look::<Labels>()?.map(|content| content.read.into_listed()).unwrap_or_default())
    }

    fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<Found>, StoreError> {
        let Some((seal, known)) = self.refresh()? else { return Ok(Vec::new()) };
        let (seen, places) = (known.seen.clone(), known.places(accounts));
        let read = |(account, at): &(AccountKey, Range<u64>)| {
            let sealed = self.file.record_at(&seen, at)?.ok_or_else(|| self.file.damaged())?;
            let record = label::open(&sealed, &seal).filter(|record| record.account() == account);
            let record = Some(record.ok_or_else(|| self.file.damaged())?);
            Ok(Found { account: account.clone(), revision: sealed.revision(), record })
        };
        places.iter().map(read).collect()
    }

    fn put_if(&mut self, records: &[Put<'_>]) -> Result<(), StoreError> {
        let instead_of = records.iter().map(|put| (put.record.account(), put.instead_of.as_ref()));
        let seal = match self.refresh()? {
            Some((seal, _)) => {
                self.check(instead_of)?;
                seal
            }
            None if records.iter().any(|put| put.instead_of.is_some()) => return Err(StoreError::Raced),
            None => self.file.key.create(&Protection::KeyFile)?,
        };
        let records = records.iter().map(|put| seal_record(&seal, put.record)).collect::<Result<Vec<_>, _>>()?;
        let Some(known) = self.known.as_mut().filter(|known| !known.is_due()) else {
            return self.write_with(records, &seal);
        };
        match self.file.add(&known.seen, &seal, &records, &mut known.index) {
            // Nothing if it is not the file that is locked: somebody who takes no lock put another there.
            Ok(added) => known.seen = added.ok_or(StoreError::NotKept)?,
            // What others took the place of makes room.
            Err(StoreError::File(PrivateFileError::TooLarge { .. })) => self.write_with(records, &seal)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn remove_if(&mut self, accounts: &[(AccountKey, Revision)]) -> Result<(), StoreError> {
        let Some((_, known)) = self.refresh()? else { return Ok(()) };
        let is_there = |(account, _): &&(AccountKey, Revision)| known.index.places.contains_key(account);
        let there: Vec<&(AccountKey, Revision)> = accounts.iter().filter(is_there).collect();
        self.check(there.iter().map(|(account, revision)| (account, Some(revision))))?;
        let gone: Vec<AccountKey> = there.into_iter().map(|(account, _)| account.clone()).collect();
        if gone.is_empty() { Ok(()) } else { self.take_out(|latest| latest.remove(&gone)) }
    }

    fn load(&mut self) -> Result<Vec<Found>, StoreError> {
        self.known = None;
        let Some(content) = self.file.look::<Everything>()? else { return Ok(Vec::new()) };
        let Content { seal, read: Everything { found, index }, seen } = content;
        self.know(Content { seal, read: index, seen });
        Ok(found.into_values().collect())
    }

    fn names_any(&mut self, origins: &[ServerUrl]) -> Result<bool, StoreError> {
        self.file.names_any(origins)
    }

    /// A line of the file, with all that is added.
    fn is_one_write(&self) -> bool {
        true
    }

    /// The key too: one that was replaced opens nothing that was read before.
    fn sign(&self) -> Box<dyn Sign> {
        Box::new(FileSign(vec![self.file.path.clone(), self.file.key.path().to_owned()]))
    }

    fn legacy(&mut self) -> Option<&mut dyn LegacySource> {
        Some(self)
    }
}

impl LegacySource for FileStore {
    fn keys(&mut self) -> Result<Vec<LegacyKey>, StoreError> {
        if self.caught_up()?.is_some() {
            return Ok(self.known.iter().flat_map(|known| known.index.unclaimed.clone()).collect());
        }
        let Some(content) = self.file.look::<Index>()? else { return Ok(Vec::new()) };
        let keys = content.read.unclaimed.clone();
        self.know(content);
        Ok(keys)
    }

    fn find(&mut self, key: &LegacyKey) -> Result<Option<Credential>, StoreError> {
        let Some(content) = self.file.read::<Latest>()? else { return Ok(None) };
        Ok(content.read.unclaimed(key).and_then(|sealed| sealed.open(&content.seal)))
    }

    fn forget(&mut self, key: &LegacyKey) -> Result<(), StoreError> {
        self.take_out(|latest| latest.remove_unclaimed(key))
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{account, record, secrets};
    use super::super::{Record, envelope};
    use super::known::{ALWAYS, SLACK};
    use super::*;
    use crate::base::private_file;

    fn bytes(path: &std::path::Path) -> Vec<u8> {
        private_file::read(path).unwrap().unwrap().to_vec()
    }

    fn open_in(dir: &tempfile::TempDir) -> (Paths, FileStore) {
        let paths = Paths::below(dir.path());
        let store = FileStore::new(&paths, &StoreKey::new(&paths));
        (paths, store)
    }

    #[test]
    fn a_file_of_the_first_form_is_taken_over_by_the_first_change() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, mut store) = open_in(&dir);
        let _lock = store.lock().unwrap();
        store.put(&[record(1, "one"), record(2, "two")]).unwrap();
        let content = store.file.read::<Latest>().unwrap().unwrap();
        let old = envelope::close(&content.read.into_body(), &content.seal).unwrap();
        private_file::replace(&paths.credentials_file(), &old).unwrap();

        let (_, mut store) = open_in(&dir);
        assert_eq!(secrets(store.load().unwrap()).len(), 2);
        assert_eq!(bytes(&paths.credentials_file()), old, "who only looks changes nothing");
        store.put(&[record(3, "three")]).unwrap();
        assert_eq!(bytes(&paths.previous_credentials_file())[..old.len()], old, "this is the copy");
        let (_, mut store) = open_in(&dir);
        assert_eq!(secrets(store.load().unwrap()).into_values().collect::<Vec<_>>(), ["one", "two", "three"]);
    }

    #[test]
    fn another_file_under_the_number_of_one_that_is_gone_is_not_taken_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, mut one) = open_in(&dir);
        let (_, mut other) = open_in(&dir);
        let _lock = one.lock().unwrap();
        for n in 0..5 {
            one.put(&[record(n, "old")]).unwrap();
        }
        // Written anew by the other, longer and with fewer lines, in the place on the disk that the first one had.
        let many: Vec<Record> = (0..100).map(|n| record(n, "new")).collect();
        other.put(&many).unwrap();
        other.remove(&[account(99)]).unwrap();
        let anew = bytes(&paths.credentials_file());
        let id = crate::os::file::FileId::of_name(&paths.credentials_file()).unwrap();
        one.known.as_mut().unwrap().seen.id = id;
        assert_eq!(bytes(&paths.credentials_file()), anew);
        one.put(&[record(7, "newer")]).unwrap();
        let found = secrets(open_in(&dir).1.load().unwrap());
        assert_eq!((found.len(), &*found[&account(3)], &*found[&account(7)]), (99, "new", "newer"));
    }

    #[test]
    fn what_was_replaced_makes_room_and_what_does_not_fit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (_, mut store) = open_in(&dir);
        let _lock = store.lock().unwrap();
        let long = |first: char| first.to_string() + &"x".repeat(private_file::MAX_SIZE as usize / 4);
        for first in ['a', 'b', 'c'] {
            store.put(&[record(1, &long(first))]).unwrap();
        }
        store.put(&[record(2, &long('d'))]).unwrap();
        let refused = store.put(&[record(3, &long('e'))]).unwrap_err();
        assert!(matches!(refused, StoreError::File(PrivateFileError::TooLarge { .. })), "{refused}");
        let (_, mut store) = open_in(&dir);
        let found = secrets(store.load().unwrap());
        assert_eq!(found.values().map(|secret| &secret[..1]).collect::<Vec<_>>(), ["c", "d"]);
    }

    #[test]
    fn a_change_writes_what_changes_and_the_file_stays_within_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let (paths, mut store) = open_in(&dir);
        let _lock = store.lock().unwrap();
        let many: Vec<Record> = (0..1000).map(|n| record(n, "kept")).collect();
        store.put(&many).unwrap();
        let size = || paths.credentials_file().metadata().unwrap().len();
        let before = size();
        store.put(&[record(7, "new")]).unwrap();
        assert!(size() - before < 1000, "{} bytes more", size() - before);
        let most = SLACK * before * 11 / 10 + ALWAYS;
        for n in 0..3000 {
            store.put(&[record(n % 1000, &format!("new {n}"))]).unwrap();
            assert!(size() <= most, "{} bytes after {n}", size());
        }
        let (_, mut other) = open_in(&dir);
        let found = secrets(other.load().unwrap());
        assert!((0..1000).all(|n| found[&account(n)] == format!("new {}", n + 2000)));
    }
}
