//! Keeps records in the agent's memory only, for `store = "memory"` and for trying the rules of stores. It ends with
//! the agent, and nobody else can reach it.

use std::collections::BTreeMap;

use super::contract::{Found, Listed, Put, Store};
use super::{Record, Revision, StoreError};
use crate::base::{AccountKey, StoredIn};

/// Keeps records for as long as the agent lives: `store = "memory"`.
#[derive(Default)]
pub(super) struct MemoryStore {
    records: BTreeMap<AccountKey, (Revision, Record)>,
    /// How many records were put here, which makes the next revision.
    puts: u64,
}

impl MemoryStore {
    fn revision(&self, account: &AccountKey) -> Option<&Revision> {
        self.records.get(account).map(|(revision, _)| revision)
    }

    fn found(&self, account: &AccountKey) -> Option<Found> {
        let (revision, record) = self.records.get(account)?;
        Some(Found { account: account.clone(), revision: revision.clone(), record: Some(record.clone()) })
    }
}

impl Store for MemoryStore {
    fn stored_in(&self) -> StoredIn {
        StoredIn::Memory
    }

    fn list(&mut self) -> Result<Vec<Listed>, StoreError> {
        Ok(self.records.keys().filter_map(|account| self.found(account)).map(Found::listed).collect())
    }

    fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<Found>, StoreError> {
        Ok(accounts.iter().filter_map(|account| self.found(account)).collect())
    }

    fn put_if(&mut self, records: &[Put<'_>]) -> Result<(), StoreError> {
        if records.iter().any(|put| self.revision(put.record.account()) != put.instead_of.as_ref()) {
            return Err(StoreError::Raced);
        }
        for put in records {
            self.puts += 1;
            let kept = (Revision::new(self.puts.to_string()), put.record.clone());
            self.records.insert(put.record.account().clone(), kept);
        }
        Ok(())
    }

    fn remove_if(&mut self, accounts: &[(AccountKey, Revision)]) -> Result<(), StoreError> {
        if accounts.iter().any(|(account, revision)| self.revision(account).is_some_and(|now| now != revision)) {
            return Err(StoreError::Raced);
        }
        accounts.iter().for_each(|(account, _)| drop(self.records.remove(account)));
        Ok(())
    }

    fn is_one_write(&self) -> bool {
        true
    }
}
