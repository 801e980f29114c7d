use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::envelope::SealedRecord;
use super::seal::Seal;
use super::{Record, StoreError};
use crate::base::{AccountKey, Kind};

/// What stands in clear beside a sealed record, and is authenticated with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    pub(super) account: AccountKey,
    kind: Kind,
    created: Timestamp,
    pub(super) saved: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) refused: bool,
}

/// The same for a record of an older Loom whose server is not certain yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegacyLabel {
    pub(super) key: String,
}

/// The record, with its secret.
pub(super) fn open(sealed: &SealedRecord, seal: &Seal) -> Option<Record> {
    let Label { account, created, saved, refused, .. } = sealed.label()?;
    Some(Record::from_parts(account, [created, saved], refused, sealed.open(seal)?))
}

pub(super) fn seal_record(seal: &Seal, record: &Record) -> Result<SealedRecord, StoreError> {
    let label = Label {
        account: record.account().clone(),
        kind: record.credential().kind(),
        created: record.created(),
        saved: record.saved(),
        refused: record.refused(),
    };
    SealedRecord::seal(seal, &label, record.credential())
}
