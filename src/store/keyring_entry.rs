use zeroize::Zeroizing;

use super::contract::Found;
use super::platform::Item;
use super::{Record, Revision};
use crate::base::AccountKey;

/// What a keyring has of an account: all its items. Another tool may have copied one, and two agents may have written
/// at once: the latest record counts, and a write removes the others.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) items: Vec<(Item, Value)>,
}

/// What an item holds.
pub(super) type Value = Zeroizing<Vec<u8>>;

impl Entry {
    /// A hash of the items and what they hold, since a keyring has no revisions and other tools change items in place.
    /// `None` if there is no item.
    pub(super) fn revision(&self) -> Option<Revision> {
        let mut items: Vec<(&str, &[u8])> = self.items.iter().map(|(item, value)| (item.id(), &value[..])).collect();
        items.sort_unstable();
        let parts = items.iter().flat_map(|(item, value)| [item.as_bytes(), value]);
        (!items.is_empty()).then(|| Revision::of_content(parts))
    }

    /// What the keyring has of this account. `None` if it has nothing.
    pub(super) fn found(&self, account: &AccountKey) -> Option<Found> {
        Some(Found { account: account.clone(), revision: self.revision()?, record: self.latest(account) })
    }

    fn latest(&self, account: &AccountKey) -> Option<Record> {
        let parse = |(_, value): &(Item, Value)| serde_json::from_slice(value).ok();
        let records = self.items.iter().filter_map(parse).filter(|record: &Record| record.account() == account);
        // Of two that came at the same time the first counts.
        records.reduce(|known, record| if known.saved() < record.saved() { record } else { known })
    }
}
