//! What an older Loom left is taken over once a person names the server that it belongs to.

use super::cascade::latest;
use super::contract::Put;
use super::legacy_source::LegacySource;
use super::{Cascade, LegacyKey, Record, Revision, StoreError};
use crate::base::{AccountKey, ServerUrl, StoredIn};

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// The keys under which an older Loom left records that no server was named for yet.
    pub fn legacy_keys(&mut self) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for source in self.legacy_sources() {
            keys.extend(source.keys()?.iter().map(|key| key.as_str().to_owned()));
        }
        Ok(keys)
    }

    /// Takes over what an older Loom left for this server, which a person has named: the record is written first, and
    /// only then the old one is removed. `None` if there is nothing.
    pub fn claim(&mut self, server: &ServerUrl) -> Result<Option<(Record, StoredIn)>> {
        let key = LegacyKey::of(server);
        // Most often there is nothing, and nobody has to be waited for to know that.
        if !self.legacy_keys()?.iter().any(|found| found == key.as_str()) {
            return Ok(None);
        }
        let _lock = self.lock()?;
        let mut found = None;
        for source in self.legacy_sources() {
            if let Some(credential) = source.find(&key)? {
                found = Some(Record::new(AccountKey::new(server.clone(), None), credential));
                break;
            }
        }
        let Some(record) = found else { return Ok(None) };
        let there = self.get(std::slice::from_ref(record.account()))?;
        let Some(first) = self.stores.first_mut() else { return Err(StoreError::NotKept) };
        let stored_in = first.stored_in();
        let instead_of: Option<Revision> =
            there.iter().find(|(place, _)| *place == stored_in).map(|(_, found)| found.revision.clone());
        if !latest(there).is_empty() {
            // Somebody logged in there meanwhile.
            return Ok(None);
        }
        first.put_if(&[Put { record: &record, instead_of }])?;
        for source in self.legacy_sources() {
            source.forget(&key)?;
        }
        Ok(Some((record, stored_in)))
    }

    fn legacy_sources(&mut self) -> impl Iterator<Item = &mut dyn LegacySource> {
        self.stores.iter_mut().filter_map(|store| store.legacy())
    }
}
