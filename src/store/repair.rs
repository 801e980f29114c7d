//! What is left of a sealed file that was damaged, and how it becomes a file again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::envelope::{self, Body, SealedRecord};
use super::file::{FileStore, Label, LegacyLabel};
use super::seal::Seal;
use super::{StoreError, StoreKey};
use crate::base::{AccountKey, Paths, private_file};

/// The sealed file as it was found.
pub struct Examination {
    pub path: PathBuf,
    pub state: FileState,
}

/// In which state a sealed file can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// There is none.
    Absent,
    /// Everything in it is as it was written.
    Whole(Vec<AccountKey>),
    /// These can be restored, from it or from the copy of what it was before.
    Damaged(Vec<AccountKey>),
    /// There was one, and it is gone. These can be restored from the copy.
    Missing(Vec<AccountKey>),
    /// Only a passphrase opens it.
    Locked,
    /// It cannot be looked into: another key, a newer version, an unsafe place.
    Closed,
}

/// What was restored.
pub struct Restored {
    /// Where the damaged file is now, if there was one.
    pub put_aside: Option<PathBuf>,
}

/// Looks at the file and changes nothing.
pub fn examine(paths: &Paths, key: &StoreKey) -> Result<Examination, StoreError> {
    let store = FileStore::new(paths, key);
    let state = match store.look() {
        Ok(None) => FileState::Absent,
        Ok(Some((_, body))) => FileState::Whole(accounts(&body)),
        Err(StoreError::Damaged { .. }) => match salvaged(&store, key) {
            Ok(Some((_, body))) => FileState::Damaged(accounts(&body)),
            Ok(None) => FileState::Closed,
            Err(error) => closed(error)?,
        },
        Err(StoreError::Missing { .. }) => match salvaged(&store, key) {
            Ok(found) => FileState::Missing(found.map(|(_, body)| accounts(&body)).unwrap_or_default()),
            Err(error) => closed(error)?,
        },
        Err(StoreError::PassphraseNeeded) => FileState::Locked,
        Err(_) => FileState::Closed,
    };
    Ok(Examination { path: store.path().to_owned(), state })
}

/// Makes a file anew of what is whole, of a damaged one that is put aside or of the copy of one that is gone. Nothing for a
/// file that needs no repair.
pub fn restore(paths: &Paths, key: &StoreKey) -> Result<Option<Restored>, StoreError> {
    let store = FileStore::new(paths, key);
    let _lock = store.lock()?;
    match store.read() {
        Err(StoreError::Damaged { .. }) => {
            let (Some((seal, body)), Some(bytes)) = (salvaged(&store, key)?, private_file::read(store.path())?) else {
                return Ok(None);
            };
            // Copied, not moved: if this is cut short, the damaged file is still there, and still reported.
            let put_aside = Some(private_file::keep_damaged(store.path(), &bytes)?);
            store.write(&seal, &body)?;
            Ok(Some(Restored { put_aside }))
        }
        Err(missing @ StoreError::Missing { restorable: true, .. }) => match salvaged(&store, key)? {
            // A copy of which nothing is left is no better than none.
            Some((seal, body)) if !body.is_empty() || store.is_previous_whole(&seal)? => {
                store.write(&seal, &body)?;
                Ok(Some(Restored { put_aside: None }))
            }
            Some(_) | None => Err(missing),
        },
        Err(error @ (StoreError::Missing { .. } | StoreError::PassphraseNeeded)) => Err(error),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Of each account the latest record that is whole, and what an older Loom left; with the key that all of it is sealed with.
fn salvaged(store: &FileStore, key: &StoreKey) -> Result<Option<(Seal, Body)>, StoreError> {
    let mut latest: BTreeMap<AccountKey, SealedRecord> = BTreeMap::new();
    let mut unclaimed: BTreeMap<String, SealedRecord> = BTreeMap::new();
    let Some(seal) = key.seal_that_counts()? else { return Ok(None) };
    for path in [store.previous(), store.path()] {
        let Some(bytes) = private_file::read(path)? else { continue };
        for record in envelope::salvage(&bytes, &seal) {
            if let Some(LegacyLabel { key }) = record.label() {
                unclaimed.insert(key, record);
                continue;
            }
            let Some(label) = record.label::<Label>() else { continue };
            let known = latest.get(&label.account).and_then(|known| known.label::<Label>());
            if known.is_none_or(|known| known.saved <= label.saved) {
                latest.insert(label.account, record);
            }
        }
    }
    let body = Body { records: latest.into_values().collect(), unclaimed: unclaimed.into_values().collect() };
    Ok(Some((seal, body)))
}

/// What a person has to see to before anything can be looked into.
fn closed(error: StoreError) -> Result<FileState, StoreError> {
    match error {
        StoreError::PassphraseNeeded => Ok(FileState::Locked),
        StoreError::Damaged { .. } => Ok(FileState::Closed),
        error => Err(error),
    }
}

fn accounts(body: &Body) -> Vec<AccountKey> {
    body.records.iter().filter_map(account).collect()
}

fn account(record: &SealedRecord) -> Option<AccountKey> {
    record.label::<Label>().map(|label| label.account)
}
