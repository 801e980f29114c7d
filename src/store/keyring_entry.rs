//! The items of a keyring that are loom's, and what they amount to for an account. An item is loom's by its attributes
//! and not because a search found it: another application may use the same name.

use zeroize::Zeroizing;

use super::contract::Found;
use super::platform::{Item, Platform};
use super::{Record, Revision, StoreError};
use crate::base::AccountKey;

/// The attribute by which loom's items are found, and those of an older Loom.
pub(super) const OURS: [(&str, &str); 1] = [("service", "loom")];

/// What a keyring has of an account: all its items. Another tool may have copied one, and two agents may have written
/// at once: the latest record counts, and a write removes the others.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) items: Vec<(Item, Value)>,
}

/// What an item holds.
pub(super) type Value = Zeroizing<Vec<u8>>;

type Result<T> = std::result::Result<T, StoreError>;

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

/// The attributes of loom's items for this user.
pub(super) fn ours(user: &str) -> [(&str, &str); 2] {
    [OURS[0], ("username", user)]
}

/// These items, each with its account and its value.
pub(super) fn read(platform: &Platform, items: Vec<Item>) -> Result<Vec<(AccountKey, Item, Value)>> {
    let mut all = Vec::new();
    for item in items {
        // Another application may be called loom too; what is not exactly ours is not read any further.
        let account = user(platform, &item)?.and_then(|user| user.parse::<AccountKey>().ok());
        let Some(account) = account else { continue };
        let Some(value) = platform.secret(&item)? else { continue };
        all.push((account, item, value));
    }
    Ok(all)
}

/// Everything that the keyring has of this user.
pub(super) fn entry(platform: &Platform, user: &str) -> Result<Entry> {
    let mut entry = Entry::default();
    for item in items(platform, user)? {
        entry.items.extend(platform.secret(&item)?.map(|value| (item, value)));
    }
    Ok(entry)
}

/// All items of this user.
pub(super) fn items(platform: &Platform, user: &str) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for item in platform.items(&ours(user))? {
        // An item is ours by its attributes, not because a search found it.
        if self::user(platform, &item)?.as_deref() == Some(user) {
            items.push(item);
        }
    }
    Ok(items)
}

/// The user of an item; `None` if the item is gone, or another application's.
pub(super) fn user(platform: &Platform, item: &Item) -> Result<Option<String>> {
    let Some(mut attributes) = platform.attributes(item)? else { return Ok(None) };
    let is_ours = OURS.iter().all(|(name, value)| attributes.get(*name).is_some_and(|found| found == value));
    Ok(attributes.remove("username").filter(|_| is_ours))
}

/// Removes all items of this user. `true` if there was one.
pub(super) fn remove(platform: &Platform, user: &str) -> Result<bool> {
    let items = items(platform, user)?;
    items.iter().try_for_each(|item| platform.delete(item))?;
    if self::items(platform, user)?.is_empty() { Ok(!items.is_empty()) } else { Err(StoreError::NotKept) }
}
