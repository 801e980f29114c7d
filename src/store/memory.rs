use std::collections::BTreeMap;

use super::{CredentialStore, LegacyKey, Record, StoreError};
use crate::base::{AccountKey, Credential, StoredIn};

/// Keeps records for as long as the agent lives: `store = "memory"`.
#[derive(Default)]
pub(super) struct MemoryStore(BTreeMap<AccountKey, Record>);

impl CredentialStore for MemoryStore {
    fn stored_in(&self) -> StoredIn {
        StoredIn::Memory
    }

    fn load(&mut self) -> Result<Vec<Record>, StoreError> {
        Ok(self.0.values().cloned().collect())
    }

    fn find(&mut self, accounts: &[AccountKey]) -> Result<Vec<Record>, StoreError> {
        Ok(accounts.iter().filter_map(|account| self.0.get(account)).cloned().collect())
    }

    fn put(&mut self, records: &[Record]) -> Result<(), StoreError> {
        self.0.extend(records.iter().map(|record| (record.account().clone(), record.clone())));
        Ok(())
    }

    fn remove(&mut self, accounts: &[AccountKey]) -> Result<(), StoreError> {
        accounts.iter().for_each(|account| drop(self.0.remove(account)));
        Ok(())
    }

    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>, StoreError> {
        Ok(Vec::new())
    }

    fn legacy(&mut self, _: &LegacyKey) -> Result<Option<Credential>, StoreError> {
        Ok(None)
    }

    fn remove_legacy(&mut self, _: &LegacyKey) -> Result<(), StoreError> {
        Ok(())
    }
}
