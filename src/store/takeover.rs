//! An older Loom's clear-text file becomes a sealed one.

use super::envelope::{Body, SealedRecord};
use super::label::{LegacyLabel, seal_record};
use super::legacy::{LegacyKey, LegacyRecord};
use super::sealed_file::SealedFile;
use super::{Protection, Record, StoreError, journal};
use crate::base::{AccountKey, Credential};

/// Takes the records over. The file is replaced only after the sealed form was read back and opened; the caller holds the
/// lock.
pub(super) fn convert(file: &SealedFile, old: Vec<(LegacyKey, LegacyRecord)>) -> Result<(), StoreError> {
    let seal = match file.key.seal()? {
        Some(seal) => seal,
        None => file.key.create(&Protection::KeyFile)?,
    };
    let mut body = Body::default();
    for (key, record) in old {
        let credential = record.into_credential();
        match key.sole_reading() {
            Some(server) => {
                body.records.push(seal_record(&seal, &Record::new(AccountKey::new(server, None), credential))?);
            }
            None => {
                let label = LegacyLabel { key: key.as_str().to_owned() };
                body.unclaimed.push(SealedRecord::seal(&seal, &label, &credential)?);
            }
        }
    }
    let (mut whole, mut count) = (true, 0);
    let bytes = journal::print(&body, &seal)?;
    let read = journal::read(&bytes, &seal, |added, _| {
        let record = serde_json::from_str::<SealedRecord>(added.raw().get()).ok();
        whole &= record.is_some_and(|record| record.open::<Credential>(&seal).is_some());
        count += 1;
    });
    if read.is_err() || !whole || count != body.records.len() + body.unclaimed.len() {
        return Err(StoreError::NotKept);
    }
    file.write(&seal, &body)
}
