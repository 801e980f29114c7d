//! From one place to another.
//!
//! Everything is written to where it goes and read back before anything is taken away where it was. As long as some may
//! be here and some there, the setting is the one whose agents read both (`is_setting_first`). Cut short, both places
//! have it, the later record counts, and it can be done again.

use std::collections::{BTreeMap, BTreeSet};

use super::cascade::latest;
use super::contract::Listed;
use super::{Cascade, Record, StoreError, StoreKey};
use crate::base::{AccountKey, Paths, StoreChoice};

/// Records that were copied into another store and are still in the old one too.
pub struct Copied {
    target: Cascade,
    accounts: Vec<AccountKey>,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// Copies every record into the store that `to` names and reads it back there. Nothing is removed yet.
    pub fn copied(&mut self, to: StoreChoice, paths: &Paths, key: &StoreKey) -> Result<Copied> {
        let mut target = Cascade::open(to, paths, key)?;
        let all: Vec<Record> = self.load()?.into_values().map(|(record, _)| record).collect();
        // Out of memory nobody else can take anything, but others may share where it goes.
        let _lock = self.lock()?.map_or_else(|| target.lock(), |lock| Ok(Some(lock)))?;
        let Some(first) = target.stores.first_mut() else { return Err(StoreError::NotKept) };
        first.put(&all)?;
        let accounts: Vec<AccountKey> = all.iter().map(|record| record.account().clone()).collect();
        let kept: BTreeMap<_, _> =
            first.get(&accounts)?.into_iter().filter_map(|found| Some((found.account, found.record?))).collect();
        let is_kept = |record: &Record| {
            let found = kept.get(record.account());
            found.is_some_and(|found| found.credential().secret().matches(record.credential().secret()))
        };
        if all.iter().all(is_kept) { Ok(Copied { target, accounts }) } else { Err(StoreError::NotKept) }
    }

    /// Removes the records that were copied from where they were, and uses the store to which they went from now on.
    /// Returns how many moved.
    pub fn replace_by(&mut self, Copied { mut target, accounts }: Copied) -> Result<usize> {
        let _lock = self.lock()?.map_or_else(|| target.lock(), |lock| Ok(Some(lock)))?;
        // What another agent changed since it was copied goes along as it is now.
        let mut there: BTreeSet<AccountKey> = accounts.iter().cloned().collect();
        self.look_for_keyring();
        for store in &mut self.stores {
            there
                .extend(store.list()?.into_iter().filter(|listed| listed.label.is_some()).map(|listed| listed.account));
        }
        let there: Vec<AccountKey> = there.into_iter().collect();
        let now = latest(self.get(&there)?);
        let gone: Vec<AccountKey> = accounts.iter().filter(|account| !now.contains_key(account)).cloned().collect();
        let now: Vec<Record> = now.into_values().map(|kept| kept.0).collect();
        let first = target.first();
        if let Some(store) = target.stores.first_mut() {
            let copied: Vec<Record> = store.get(&there)?.into_iter().filter_map(|found| found.record).collect();
            let copied: BTreeMap<_, _> = copied.iter().map(|record| (record.account(), record.saved())).collect();
            let is_copied =
                |record: &Record| copied.get(record.account()).is_some_and(|saved| *saved >= record.saved());
            let changed: Vec<Record> = now.into_iter().filter(|record| !is_copied(record)).collect();
            if !changed.is_empty() {
                store.put(&changed)?;
            }
            if !gone.is_empty() {
                store.remove(&gone)?;
            }
        }
        let is_there = |listed: &Listed| there.binary_search(&listed.account).is_ok();
        for store in self.stores.iter_mut().filter(|store| Some(store.stored_in()) != first) {
            let old = store.list()?.into_iter().filter(is_there).map(|listed| (listed.account, listed.revision));
            store.remove_if(&old.collect::<Vec<_>>())?;
        }
        *self = target;
        Ok(there.len() - gone.len())
    }
}

impl Copied {
    /// Whether the setting has to be changed before the old records are removed. It does if agents with the new setting
    /// read other places too: while records may be in both, every agent then reads both. Otherwise the setting changes
    /// afterwards.
    pub fn is_setting_first(&self) -> bool {
        self.target.stores.len() > 1
    }
}
