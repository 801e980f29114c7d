//! An older Loom's clear-text file becomes a sealed one.

use super::envelope::{Body, SealedRecord};
use super::label::{LegacyLabel, seal_record};
use super::legacy::{LegacyKey, LegacyRecord};
use super::seal::Seal;
use super::{Protection, Record, StoreError, StoreKey, journal};
use crate::base::{AccountKey, Credential};

/// The records in their sealed form, which was read back and opened; the caller holds the lock, and puts it in the
/// place of the old one.
pub(super) fn convert(key: &StoreKey, old: Vec<(LegacyKey, LegacyRecord)>) -> Result<(Seal, Body), StoreError> {
    let seal = match key.seal()? {
        Some(seal) => seal,
        None => key.create(&Protection::KeyFile)?,
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
    Ok((seal, body))
}
