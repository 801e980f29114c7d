//! A new key for the sealed file. At every instant there is a key that opens it: the new one is written first, then the
//! file, then the new key takes the old one's place. Whatever is cut short leaves both keys and a file that says which
//! of them it wants; the next who finds that puts it in place.
//!
//! As long as both are there the file says which of them it wants, and that one counts: for reading, for the
//! passphrase, and for whether one is needed (`StoreKey`). Whoever finds the file sealed with the waiting key,
//! `store.key.new`, puts it in place (`settle`), unless somebody is at work there; if that fails it goes on waiting,
//! and a rekey does so before it makes room for its own. So at every instant one of the two opens the file, whatever is
//! tried.

use super::envelope::{Body, SealedRecord};
use super::label::{Label, LegacyLabel};
use super::latest::Latest;
use super::sealed_file::SealedFile;
use super::{Protection, StoreError, StoreKey};
use crate::base::{Credential, Paths};

/// Seals the file with a new key that is protected by `protection`. `None` means a key file without a passphrase, and
/// is refused with an error if the old key has one. Without a sealed file an empty one is made, since a key in its
/// place must have a file.
pub fn rekey(paths: &Paths, key: &StoreKey, protection: Option<Protection>) -> Result<(), StoreError> {
    let store = SealedFile::new(paths, key);
    let _lock = store.lock()?;
    let content = store.read::<Latest>()?.map(|content| (content.seal, content.read.into_body()));
    if let Some((old, _)) = &content {
        // Else the key that is in use would make room for the new one.
        key.settle(old)?;
    }
    let protection = match protection {
        Some(protection) => protection,
        None if key.has_passphrase()? => return Err(StoreError::PassphraseNeeded),
        None => Protection::KeyFile,
    };
    let new = key.create(&protection)?;
    let Some((old, body)) = content else { return store.write(&new, &Body::default()) };
    let mut sealed = Body::default();
    for record in &body.records {
        let (label, secret) = (record.label::<Label>(), record.open::<Credential>(&old));
        let (label, secret) = label.zip(secret).ok_or_else(|| store.damaged())?;
        sealed.records.push(SealedRecord::seal(&new, &label, &secret)?);
    }
    for record in &body.unclaimed {
        let (label, secret) = (record.label::<LegacyLabel>(), record.open::<Credential>(&old));
        let (label, secret) = label.zip(secret).ok_or_else(|| store.damaged())?;
        sealed.unclaimed.push(SealedRecord::seal(&new, &label, &secret)?);
    }
    store.write(&new, &sealed)?;
    // Else the copy could be opened with the old key only, which is gone.
    store.copy_it()
}
