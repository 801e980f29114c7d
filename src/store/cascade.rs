use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{CredentialStore, FileStore, Keyring, LegacyKey, MemoryStore, Record, StoreError, StoreKey};
use crate::base::{AccountKey, Message, Paths, ServerUrl, StoreChoice};
use crate::wire::StoredIn;

/// The stores in use: new records go to the first; the others are read, so that nothing kept earlier is lost from view.
pub struct Cascade {
    stores: Vec<Box<dyn CredentialStore>>,
    fallback: Option<Message>,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// Opens what the choice names. `auto` takes the keyring if one answers in time and the file otherwise; a keyring
    /// that is locked is an error and never a reason to take the file.
    pub fn open(choice: StoreChoice, paths: &Paths, key: &StoreKey) -> Result<Cascade> {
        let file = || Box::new(FileStore::new(paths, key)) as Box<dyn CredentialStore>;
        let mut keyring = Keyring::default();
        let (stores, fallback): (Vec<Box<dyn CredentialStore>>, _) = match choice {
            StoreChoice::Memory => (vec![Box::new(MemoryStore::default())], None),
            StoreChoice::File => (vec![file()], None),
            StoreChoice::Keyring => {
                keyring.probe()?;
                (vec![Box::new(keyring), file()], None)
            }
            StoreChoice::Auto => match keyring.probe() {
                Ok(()) => (vec![Box::new(keyring), file()], None),
                Err(StoreError::Unavailable(reason)) => (vec![file()], Some(reason)),
                Err(error) => return Err(error),
            },
        };
        Ok(Cascade { stores, fallback })
    }

    /// Why `auto` did not take the keyring, if it did not.
    pub fn fallback(&self) -> Option<&Message> {
        self.fallback.as_ref()
    }

    /// All records and where each is kept. Of an account that two stores have, the later record counts: the keyring may
    /// have been away for a while.
    pub fn load(&mut self) -> Result<BTreeMap<AccountKey, (Record, StoredIn)>> {
        let mut all: BTreeMap<AccountKey, (Record, StoredIn)> = BTreeMap::new();
        for store in &mut self.stores {
            let stored_in = store.stored_in();
            for record in store.load()? {
                match all.entry(record.account().clone()) {
                    Entry::Occupied(mut known) if known.get().0.saved() < record.saved() => {
                        known.insert((record, stored_in));
                    }
                    Entry::Occupied(_) => {}
                    Entry::Vacant(place) => {
                        place.insert((record, stored_in));
                    }
                }
            }
        }
        Ok(all)
    }

    /// The accounts of which the keyring has only something that is no record any more, as of the last [`load`](Self::load).
    pub fn damaged(&self) -> Vec<AccountKey> {
        self.stores.iter().flat_map(|store| store.damaged()).cloned().collect()
    }

    /// Keeps a record in the first store, then takes it out of the others, so that no old secret stays behind.
    pub fn put(&mut self, record: &Record) -> Result<StoredIn> {
        let [first, others @ ..] = self.stores.as_mut_slice() else { return Err(StoreError::NotKept) };
        first.put(record)?;
        for other in others {
            other.remove(record.account())?;
        }
        Ok(first.stored_in())
    }

    /// Where new records go.
    pub fn first(&self) -> Option<StoredIn> {
        self.stores.first().map(|store| store.stored_in())
    }

    /// Copies every record into the store of this choice and reads it back from there. Nothing is taken away yet.
    pub fn copied(&mut self, to: StoreChoice, paths: &Paths, key: &StoreKey) -> Result<Cascade> {
        let all = self.load()?;
        let mut target = Cascade::open(to, paths, key)?;
        let Some(first) = target.stores.first_mut() else { return Err(StoreError::NotKept) };
        for (record, _) in all.values() {
            first.put(record)?;
        }
        let kept: BTreeMap<_, _> = first.load()?.into_iter().map(|record| (record.account().clone(), record)).collect();
        let is_kept = |record: &Record| {
            let found = kept.get(record.account());
            found.is_some_and(|found| found.credential().secret().matches(record.credential().secret()))
        };
        match all.values().all(|(record, _)| is_kept(record)) {
            true => Ok(target),
            false => Err(StoreError::NotKept),
        }
    }

    /// Takes away what was copied into `target`, which is used in place of these from then on. Returns how many moved.
    pub fn replace_by(&mut self, target: Cascade) -> Result<usize> {
        let all = self.load()?;
        for store in self.stores.iter_mut().filter(|store| Some(store.stored_in()) != target.first()) {
            all.keys().try_for_each(|account| store.remove(account))?;
        }
        *self = target;
        Ok(all.len())
    }

    /// Forgets an account in every store.
    pub fn remove(&mut self, account: &AccountKey) -> Result<()> {
        self.stores.iter_mut().try_for_each(|store| store.remove(account))
    }

    /// The keys of what an older Loom kept, until a person names the server each belongs to.
    pub fn legacy_keys(&mut self) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for store in &mut self.stores {
            keys.extend(store.legacy_keys()?.iter().map(|key| key.as_str().to_owned()));
        }
        Ok(keys)
    }

    /// Takes over what an older Loom kept for this server, which a person named: its record becomes ours, and only then
    /// the old one goes.
    pub fn claim(&mut self, server: &ServerUrl) -> Result<Option<(Record, StoredIn)>> {
        let key = LegacyKey::of(server);
        let mut found = None;
        for store in &mut self.stores {
            if let Some(credential) = store.legacy(&key)? {
                found = Some(Record::new(AccountKey::new(server.clone(), None), credential));
                break;
            }
        }
        let Some(record) = found else { return Ok(None) };
        let stored_in = self.put(&record)?;
        self.stores.iter_mut().try_for_each(|store| store.remove_legacy(&key))?;
        Ok(Some((record, stored_in)))
    }
}
