//! The items of a keyring that are loom's, and what they amount to for an account. An item is loom's by its attributes
//! and not because a search found it: another application may use the same name.

use std::collections::HashMap;

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
    // Another application may be called loom too; what is not exactly ours is not read any further.
    let account = |user: Option<String>| user.and_then(|user| user.parse::<AccountKey>().ok());
    let users = users(platform, &items)?.into_iter().map(account);
    let (accounts, items): (Vec<_>, Vec<_>) =
        users.zip(items).filter_map(|(account, item)| Some((account?, item))).unzip();
    let values = platform.secrets(&items)?;
    let all = accounts.into_iter().zip(items).zip(values);
    Ok(all.filter_map(|((account, item), value)| Some((account, item, value?))).collect())
}

/// Everything that the keyring has of this user.
pub(super) fn entry(platform: &Platform, user: &str) -> Result<Entry> {
    let items = items(platform, user)?;
    let values = platform.secrets(&items)?;
    Ok(Entry { items: items.into_iter().zip(values).filter_map(|(item, value)| Some((item, value?))).collect() })
}

/// All items of this user.
pub(super) fn items(platform: &Platform, user: &str) -> Result<Vec<Item>> {
    let items = platform.items(&ours(user))?;
    // An item is ours by its attributes, not because a search found it.
    let is_ours = users(platform, &items)?.into_iter().map(|found| found.as_deref() == Some(user));
    Ok(items.into_iter().zip(is_ours).filter_map(|(item, is_ours)| is_ours.then_some(item)).collect())
}

/// The user of each of these items; `None` if the item is gone, or another application's.
pub(super) fn users(platform: &Platform, items: &[Item]) -> Result<Vec<Option<String>>> {
    Ok(platform.attributes(items)?.into_iter().map(|attributes| attributes.and_then(user_of)).collect())
}

fn user_of(mut attributes: HashMap<String, String>) -> Option<String> {
    let is_ours = OURS.iter().all(|(name, value)| attributes.get(*name).is_some_and(|found| found == value));
    attributes.remove("username").filter(|_| is_ours)
}

/// Removes all items of this user. `true` if there was one.
pub(super) fn remove(platform: &Platform, user: &str) -> Result<bool> {
    let items = items(platform, user)?;
    items.iter().try_for_each(|item| platform.delete(item))?;
    if self::items(platform, user)?.is_empty() { Ok(!items.is_empty()) } else { Err(StoreError::NotKept) }
}
