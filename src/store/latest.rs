use std::collections::BTreeMap;

use super::LegacyKey;
use super::envelope::{Body, SealedRecord};
use super::label::{Label, LegacyLabel};
use super::seal::Seal;
use super::sealed_file::{FoundRecord, Reader};
use crate::base::AccountKey;

/// The whole content of a sealed file, still sealed: of each account the record that counts.
#[derive(Default)]
pub(super) struct Latest {
    records: BTreeMap<AccountKey, SealedRecord>,
    /// Records of an older Loom whose server nobody has named yet.
    unclaimed: BTreeMap<String, SealedRecord>,
}

impl Latest {
    /// Takes in a record that is later than those before; `None` if its label cannot be read.
    pub(super) fn add(&mut self, record: SealedRecord, is_unclaimed: bool) -> Option<()> {
        if is_unclaimed {
            drop(self.unclaimed.insert(record.label::<LegacyLabel>()?.key, record))
        } else {
            drop(self.records.insert(record.label::<Label>()?.account, record))
        }
        Some(())
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &AccountKey> {
        self.records.keys()
    }

    /// Removes the records of these accounts; `true` if there was one.
    pub(super) fn remove(&mut self, accounts: &[AccountKey]) -> bool {
        accounts.iter().filter(|account| self.records.remove(account).is_some()).count() > 0
    }

    pub(super) fn unclaimed(&self, key: &LegacyKey) -> Option<&SealedRecord> {
        self.unclaimed.get(key.as_str())
    }

    pub(super) fn remove_unclaimed(&mut self, key: &LegacyKey) -> bool {
        self.unclaimed.remove(key.as_str()).is_some()
    }

    pub(super) fn into_body(self) -> Body {
        Body { records: self.records.into_values().collect(), unclaimed: self.unclaimed.into_values().collect() }
    }
}

impl Reader for Latest {
    fn take(&mut self, _: &Seal, found: FoundRecord) -> Option<()> {
        self.add(found.record, found.is_unclaimed)
    }
}
