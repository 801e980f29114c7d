//! A new key for the sealed file. At every instant there is a key that opens it: the new one is written first, then the
//! file, then the new key takes the old one's place; whatever is cut short is finished by the next who opens the file.

use super::envelope::{self, Body, SealedRecord};
use super::file::{FileStore, Label, LegacyLabel};
use super::seal::Seal;
use super::{Protection, StoreError, StoreKey};
use crate::base::{Credential, Paths};

/// Seals the file with a new key, which is protected like this from then on. Without a file the key waits for one.
pub fn rekey(paths: &Paths, key: &StoreKey, protection: &Protection) -> Result<(), StoreError> {
    let store = FileStore::new(paths, key);
    let _lock = store.lock()?;
    let Some((old, body)) = store.read()? else {
        key.create_new(protection)?;
        return key.install_new();
    };
    let new = key.create_new(protection)?;
    let damaged = || StoreError::Damaged { path: store.path().to_owned() };
    let mut sealed = Body::default();
    for record in &body.records {
        let (label, secret) = (record.label::<Label>(), record.open::<Credential>(&old));
        let (label, secret) = label.zip(secret).ok_or_else(damaged)?;
        sealed.records.push(SealedRecord::seal(&new, &label, &secret)?);
    }
    for record in &body.unclaimed {
        let (label, secret) = (record.label::<LegacyLabel>(), record.open::<Credential>(&old));
        let (label, secret) = label.zip(secret).ok_or_else(damaged)?;
        sealed.unclaimed.push(SealedRecord::seal(&new, &label, &secret)?);
    }
    store.write(&new, &sealed)?;
    key.install_new()?;
    // Else the copy could be opened with the old key only, which is gone.
    store.keep_previous()
}

/// After a rekey that was cut short between file and key: the new key takes its place.
pub(super) fn finish(store: &FileStore, bytes: &[u8]) -> Result<Option<(Seal, Body)>, StoreError> {
    let seal = match store.key.new_seal() {
        Ok(Some(seal)) => seal,
        Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(body) = envelope::open(bytes, &seal) else { return Ok(None) };
    store.key.install_new()?;
    Ok(Some((seal, body)))
}
