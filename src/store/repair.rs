//! What is left of a sealed file that was damaged, and how it becomes a file again.
//!
//! Each record is sealed by itself, so what a damaged file still holds can be found record by record. Only a person
//! repairs: `loom doctor --restore` copies the damaged file aside first, then writes one of what is whole.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::envelope::{self, Body, SealedRecord};
use super::label::{Label, LegacyLabel, seal_record};
use super::latest::Latest;
use super::seal::Seal;
use super::sealed_file::SealedFile;
use super::{Record, StoreError, StoreKey};
use crate::base::{AccountKey, Paths, private_file};

/// What a look at the sealed file found.
pub struct Examination {
    /// The file's path.
    pub path: PathBuf,
    /// The state in which it is.
    pub state: FileState,
}

/// The states in which the sealed file can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// There is none and never was one.
    Absent,
    /// Everything in it is as it was written; these are its accounts.
    Whole(Vec<AccountKey>),
    /// It was altered. These accounts can be restored from it, from its copy or from memory.
    Damaged(Vec<AccountKey>),
    /// There was one, and it is gone. These accounts can be restored from its copy or from memory.
    Missing(Vec<AccountKey>),
    /// Only a passphrase opens it, which was not given.
    Locked,
    /// It cannot be read: another key sealed it, a newer version wrote it, or others have access to it.
    Closed,
}

/// What a repair did.
pub struct Restored {
    /// The path of the damaged file's copy, if there was a damaged file.
    pub put_aside: Option<PathBuf>,
}

/// Looks at the file and changes nothing. `held` are the records that the agent still has in memory.
pub fn examine(paths: &Paths, key: &StoreKey, held: &[Record]) -> Result<Examination, StoreError> {
    let store = SealedFile::new(paths, key);
    let state = match store.look::<Latest>() {
        Ok(None) => FileState::Absent,
        Ok(Some(content)) => FileState::Whole(content.read.accounts().cloned().collect()),
        Err(StoreError::Damaged { .. }) => match salvaged(&store, key) {
            Ok(Some((_, found))) => FileState::Damaged(found.with(held).accounts()),
            Ok(None) => FileState::Closed,
            Err(error) => closed(error)?,
        },
        Err(StoreError::Missing { .. }) => match salvaged(&store, key) {
            Ok(found) => {
                let found = found.map(|(_, found)| found).unwrap_or_default();
                FileState::Missing(found.with(held).accounts())
            }
            Err(error) => closed(error)?,
        },
        Err(StoreError::PassphraseNeeded) => FileState::Locked,
        Err(_) => FileState::Closed,
    };
    Ok(Examination { path: store.path().to_owned(), state })
}

/// Writes the file anew from what is whole: the damaged file, which is kept aside, the copy of a missing one, and
/// `held`, the records that the agent still has in memory. `None` if the file needs no repair.
pub fn restore(paths: &Paths, key: &StoreKey, held: &[Record]) -> Result<Option<Restored>, StoreError> {
    let store = SealedFile::new(paths, key);
    let _lock = store.lock()?;
    match store.read::<Latest>() {
        Err(StoreError::Damaged { .. }) => {
            let (Some((seal, found)), Some(bytes)) = (salvaged(&store, key)?, private_file::read(store.path())?) else {
                return Ok(None);
            };
            // Copied, not moved: if this is cut short, the damaged file is still there, and still reported.
            let put_aside = Some(private_file::keep_damaged(store.path(), &bytes)?);
            store.write(&seal, &found.with(held).sealed(&seal)?)?;
            Ok(Some(Restored { put_aside }))
        }
        Err(missing @ StoreError::Missing { .. }) => {
            let (seal, found) = match salvaged(&store, key)? {
                Some((seal, found)) if !held.is_empty() || !found.is_empty() || store.is_copy_whole(&seal)? => {
                    (seal, found)
                }
                // Its key is gone too, and memory has all that is left.
                None if !held.is_empty() => (key.revive()?, Found::default()),
                Some(_) | None => return Err(missing),
            };
            store.write(&seal, &found.with(held).sealed(&seal)?)?;
            Ok(Some(Restored { put_aside: None }))
        }
        Err(error @ StoreError::PassphraseNeeded) => Err(error),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// What is left of a file: of each account the latest record, and what an older Loom left.
#[derive(Default)]
struct Found<'h> {
    sealed: BTreeMap<AccountKey, SealedRecord>,
    held: BTreeMap<AccountKey, &'h Record>,
    unclaimed: BTreeMap<String, SealedRecord>,
}

impl<'h> Found<'h> {
    fn is_empty(&self) -> bool {
        self.sealed.is_empty() && self.unclaimed.is_empty()
    }

    /// Adds what memory has, where it is not older.
    fn with(mut self, held: &'h [Record]) -> Found<'h> {
        for record in held {
            let known = self.sealed.get(record.account()).and_then(|known| known.label::<Label>());
            if known.is_none_or(|known| known.saved <= record.saved()) {
                self.sealed.remove(record.account());
                self.held.insert(record.account().clone(), record);
            }
        }
        self
    }

    fn accounts(&self) -> Vec<AccountKey> {
        self.sealed.keys().chain(self.held.keys()).cloned().collect()
    }

    fn sealed(self, seal: &Seal) -> Result<Body, StoreError> {
        let mut records: Vec<SealedRecord> = self.sealed.into_values().collect();
        for record in self.held.into_values() {
            records.push(seal_record(seal, record)?);
        }
        Ok(Body { records, unclaimed: self.unclaimed.into_values().collect() })
    }
}

/// What file and copy still hold, with the key that all of it is sealed with.
fn salvaged<'h>(store: &SealedFile, key: &StoreKey) -> Result<Option<(Seal, Found<'h>)>, StoreError> {
    let Some(seal) = key.seal_that_counts()? else { return Ok(None) };
    let mut found = Found::default();
    for path in [store.copy(), store.path()] {
        let Some(bytes) = private_file::read(path)? else { continue };
        for record in envelope::salvage(&bytes, &seal) {
            if let Some(LegacyLabel { key }) = record.label() {
                found.unclaimed.insert(key, record);
                continue;
            }
            let Some(label) = record.label::<Label>() else { continue };
            let known = found.sealed.get(&label.account).and_then(|known| known.label::<Label>());
            // What a server said of a credential came later than the credential: a login that ended does not come back.
            let is_later = |known: Label| (known.saved, known.refused) <= (label.saved, label.refused);
            if known.is_none_or(is_later) {
                found.sealed.insert(label.account, record);
            }
        }
    }
    Ok(Some((seal, found)))
}

/// What a person has to see to before anything can be looked into.
fn closed(error: StoreError) -> Result<FileState, StoreError> {
    match error {
        StoreError::PassphraseNeeded => Ok(FileState::Locked),
        StoreError::Damaged { .. } => Ok(FileState::Closed),
        error => Err(error),
    }
}
