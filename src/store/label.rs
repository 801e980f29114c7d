use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::envelope::SealedRecord;
use super::seal::Seal;
use super::{Record, StoreError};
use crate::base::{AccountKey, Kind, ServerUrl};

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

/// Whether one of the labels in these bytes of the sealed file is that of an account at this origin. They are not
/// parsed: to look for one among many thousands is quick so, and no text of another place can look like it, because
/// quotes within a text are escaped.
pub(super) fn names(bytes: &[u8], origin: &ServerUrl) -> bool {
    let begin = format!("\"account\":{{\"server\":\"{origin}");
    let finds = bytes.windows(begin.len() + 1).filter(|found| found.starts_with(begin.as_bytes()));
    finds.into_iter().any(|found| matches!(found.last(), Some(b'"' | b'/')))
}

/// Opens the record, with its secret.
pub(super) fn open(sealed: &SealedRecord, seal: &Seal) -> Option<Record> {
    let Label { account, created, saved, refused, .. } = sealed.label()?;
    Some(Record::from_parts(account, [created, saved], refused, sealed.open(seal)?))
}

pub(super) fn seal_record(seal: &Seal, record: &Record) -> Result<SealedRecord, StoreError> {
    SealedRecord::seal(seal, &Label::of(record), record.credential())
}
