//! The ways to read the sealed file: only where each record lies, all of it, or the labels alone. Whoever needs no
//! secret opens none.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::LegacyKey;
use super::contract::{Found, Listed};
use super::label::{self, Label, LegacyLabel};
use super::seal::Seal;
use super::sealed_file::{FoundRecord, Reader};
use crate::base::AccountKey;

/// Where in the file each record lies.
#[derive(Default)]
pub(super) struct Index {
    pub(super) places: HashMap<AccountKey, Range<u64>>,
    pub(super) unclaimed: Vec<LegacyKey>,
    /// How many bytes of the file are current records; the rest was replaced.
    pub(super) live: u64,
}

/// Every record, and where it lies.
#[derive(Default)]
pub(super) struct Everything {
    pub(super) found: BTreeMap<AccountKey, Found>,
    pub(super) index: Index,
}

/// Every label; no secret is opened.
#[derive(Default)]
pub(super) struct Labels(BTreeMap<AccountKey, Listed>);

impl Labels {
    pub(super) fn into_listed(self) -> Vec<Listed> {
        self.0.into_values().collect()
    }
}

impl Reader for Index {
    fn take(&mut self, _: &Seal, found: FoundRecord) -> Option<()> {
        if found.is_unclaimed {
            self.unclaimed.extend(LegacyKey::parse(&found.record.label::<LegacyLabel>()?.key));
            return Some(());
        }
        let length = |at: &Range<u64>| at.end - at.start;
        self.live += length(&found.at);
        let replaced = self.places.insert(found.record.label::<Label>()?.account, found.at);
        self.live -= replaced.as_ref().map_or(0, length);
        Some(())
    }
}

impl Reader for Everything {
    fn take(&mut self, seal: &Seal, found: FoundRecord) -> Option<()> {
        if !found.is_unclaimed {
            let record = label::open(&found.record, seal)?;
            let account = record.account().clone();
            let revision = found.record.revision();
            self.found.insert(account.clone(), Found { account, revision, record: Some(record) });
        }
        self.index.take(seal, found)
    }
}

impl Reader for Labels {
    fn take(&mut self, _: &Seal, found: FoundRecord) -> Option<()> {
        if !found.is_unclaimed {
            let label = found.record.label::<Label>()?;
            let account = label.account.clone();
            let listed = Listed { account: account.clone(), revision: found.record.revision(), label: Some(label) };
            self.0.insert(account, listed);
        }
        Some(())
    }
}
