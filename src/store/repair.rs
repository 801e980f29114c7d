//! What is left of a sealed file that was damaged, and how it becomes a file again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::envelope::{self, Body, SealedRecord};
use super::file::{FileStore, Label, LegacyLabel};
use super::seal::Seal;
use super::{StoreError, StoreKey};
use crate::base::{AccountKey, Paths, clock, private_file};

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
    /// Only a passphrase opens it.
    Locked,
    /// It cannot be looked into: another key, a newer version, an unsafe place.
    Closed,
}

/// Looks at the file and changes nothing.
pub fn examine(paths: &Paths, key: &StoreKey) -> Result<Examination, StoreError> {
    let store = FileStore::new(paths, key);
    let names = |records: &[SealedRecord]| records.iter().filter_map(account).collect::<Vec<_>>();
    let state = match store.look() {
        Ok(None) => FileState::Absent,
        Ok(Some((_, body))) => FileState::Whole(names(&body.records)),
        Err(StoreError::Damaged { .. }) => match key.seal()? {
            Some(seal) => FileState::Damaged(names(&salvaged(&store, &seal)?.records)),
            None => FileState::Closed,
        },
        Err(StoreError::PassphraseNeeded) => FileState::Locked,
        Err(_) => FileState::Closed,
    };
    Ok(Examination { path: store.path().to_owned(), state })
}

/// Puts a damaged file aside, and makes a new one of what is whole. Returns where the old one is, and what is in the new
/// one; nothing for a file that needs no repair.
pub fn restore(paths: &Paths, key: &StoreKey) -> Result<Option<(PathBuf, Vec<AccountKey>)>, StoreError> {
    let store = FileStore::new(paths, key);
    let _lock = store.lock()?;
    match store.read() {
        Err(StoreError::Damaged { .. }) => {}
        Err(StoreError::PassphraseNeeded) => return Err(StoreError::PassphraseNeeded),
        Ok(_) | Err(_) => return Ok(None),
    }
    let (Some(seal), Some(bytes)) = (key.seal()?, private_file::read(store.path())?) else { return Ok(None) };
    let body = salvaged(&store, &seal)?;
    // Copied, not moved: if this is cut short, the damaged file is still there, and still reported.
    let aside = store.path().with_extension(format!("json.damaged-{}", clock::now().as_second()));
    private_file::create(&aside, &bytes)?;
    let accounts = body.records.iter().filter_map(account).collect();
    store.write(&seal, &body)?;
    Ok(Some((aside, accounts)))
}

/// Of each account the latest record that is whole, and what an older Loom left.
fn salvaged(store: &FileStore, seal: &Seal) -> Result<Body, StoreError> {
    let mut latest: BTreeMap<AccountKey, SealedRecord> = BTreeMap::new();
    let mut unclaimed: BTreeMap<String, SealedRecord> = BTreeMap::new();
    for path in [store.previous(), store.path()] {
        let Some(bytes) = private_file::read(path)? else { continue };
        for record in envelope::salvage(&bytes, seal) {
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
    Ok(Body { records: latest.into_values().collect(), unclaimed: unclaimed.into_values().collect() })
}

fn account(record: &SealedRecord) -> Option<AccountKey> {
    record.label::<Label>().map(|label| label.account)
}
