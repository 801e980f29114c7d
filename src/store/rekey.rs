//! A new key for the sealed file. At every instant there is a key that opens it: the new one is written first, then the
//! file, then the new key takes the old one's place; whatever is cut short is finished by the next who opens the file.

use super::StoreError;
use super::envelope::{self, Body, SealedRecord};
use super::file::{FileStore, Label, LegacyLabel};
use super::seal::Seal;
use crate::base::{Credential, Paths, private_file};

/// Seals the file with a new key. Without a file there is nothing to do.
pub fn rekey(paths: &Paths) -> Result<(), StoreError> {
    let store = FileStore::new(paths);
    let _lock = store.lock()?;
    let Some((old, body)) = store.read()? else { return Ok(()) };
    // What an attempt that was cut short before it changed the file left behind opens nothing.
    private_file::remove(&paths.new_key_file())?;
    let new = Seal::create(&paths.new_key_file())?;
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
    private_file::rename(&paths.new_key_file(), &paths.key_file())?;
    // Else the copy could be opened with the old key only, which is gone.
    store.keep_previous()
}

/// After a rekey that was cut short between file and key: the new key takes its place.
pub(super) fn finish(store: &FileStore, bytes: &[u8]) -> Result<Option<(Seal, Body)>, StoreError> {
    let Some(seal) = Seal::open(store.new_key_path())? else { return Ok(None) };
    let Ok(body) = envelope::open(bytes, &seal) else { return Ok(None) };
    private_file::rename(store.new_key_path(), store.key_path())?;
    Ok(Some((seal, body)))
}
