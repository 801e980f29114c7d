use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::envelope::SealedRecord;
use super::seal::Seal;
use super::{Record, StoreError};
use crate::base::{AccountKey, Kind};

/// What is known of a record without its secret. In the sealed file it stands in clear beside it, and is authenticated
/// with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    pub(super) account: AccountKey,
    pub(super) kind: Kind,
    pub(super) created: Timestamp,
    pub(super) saved: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) refused: bool,
}

impl Label {
    pub(super) fn of(record: &Record) -> Label {
        Label {
            account: record.account().clone(),
            kind: record.credential().kind(),
            created: record.created(),
            saved: record.saved(),
            refused: record.refused(),
        }
    }
}

/// What is known, without its secret, of a record of an older Loom whose server is not certain yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegacyLabel {
    pub(super) key: String,
}

/// Opens the record, with its secret.
pub(super) fn open(sealed: &SealedRecord, seal: &Seal) -> Option<Record> {
    let Label { account, created, saved, refused, .. } = sealed.label()?;
    Some(Record::from_parts(account, [created, saved], refused, sealed.open(seal)?))
}

pub(super) fn seal_record(seal: &Seal, record: &Record) -> Result<SealedRecord, StoreError> {
    SealedRecord::seal(seal, &Label::of(record), record.credential())
}
