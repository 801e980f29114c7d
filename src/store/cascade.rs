//! Keyring first, file second, never in silence.
//!
//! `auto` takes the keyring if one answers in time and the file otherwise, and says so. A keyring that is locked is an
//! error: falling back would split the credentials over two places without a word. So is one that this agent has used
//! and that is away (`Patience::was_used`). Where there was none it is looked for again: when the bus says that
//! somebody offers one, an asker brings a bus or the user's own appears (`Lookout`), and with a write at most every
//! three seconds. It is said once, new records go there from then on, and what is in the file stays in view. Of an
//! account that both have, the later record counts; a record that is written anew moves to the keyring.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::time::{Duration, Instant};

use super::{
    CredentialStore, FileStore, Keyring, LegacyKey, Lookout, MemoryStore, Record, StoreError, StoreKey, Version,
};
use crate::base::{AccountKey, Message, Paths, ServerUrl, StoreChoice, StoredIn};
use crate::msg;

/// The stores in use: new records go to the first; the others are read, so that nothing kept earlier is lost from view.
pub struct Cascade {
    pub(super) stores: Vec<Box<dyn CredentialStore>>,
    fallback: Option<Message>,
    /// Where `auto` found none: a keyring that may be there later.
    awaited: Option<Awaited>,
    pub(super) lookout: Lookout,
    /// Whose lock keeps other agents from changing what this one changes; nothing where nobody else can.
    lock: Option<FileStore>,
}

/// A keyring that was not there.
struct Awaited {
    keyring: Keyring,
    /// When it was last looked for, and what was seen of buses then.
    looked: Instant,
    seen: Version,
}

/// Where nothing suggests that there is one by now, it is looked for at most so often.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// What was copied into another store, and is still where it was.
pub struct Copied {
    target: Cascade,
    accounts: Vec<AccountKey>,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// Opens what the choice names. `auto` takes the keyring if one answers in time and the file otherwise, until one does; a
    /// keyring that is locked, or was in use and is away, is an error and never a reason to take the file.
    pub fn open(choice: StoreChoice, paths: &Paths, key: &StoreKey) -> Result<Cascade> {
        let file = || Box::new(FileStore::new(paths, key)) as Box<dyn CredentialStore>;
        let mut keyring = Keyring::default();
        let of_keyring = keyring.watch();
        let (stores, awaited): (Vec<Box<dyn CredentialStore>>, _) = match choice {
            StoreChoice::In(StoredIn::Memory) => (vec![Box::new(MemoryStore::default())], None),
            StoreChoice::In(StoredIn::File) => (vec![file()], None),
            StoreChoice::In(StoredIn::Keyring) => {
                keyring.probe()?;
                (vec![Box::new(keyring), file()], None)
            }
            StoreChoice::Auto => match keyring.probe() {
                Ok(()) => (vec![Box::new(keyring), file()], None),
                Err(StoreError::Unavailable { reason, .. }) if !keyring.was_used() => {
                    (vec![file()], Some((keyring, reason)))
                }
                Err(error) => return Err(error),
            },
        };
        let places: Vec<StoredIn> = stores.iter().map(|store| store.stored_in()).collect();
        let lookout = Lookout::new(
            places.contains(&StoredIn::File).then_some(paths),
            (places.contains(&StoredIn::Keyring) || awaited.is_some()).then_some(of_keyring),
        );
        let lock = (places != [StoredIn::Memory]).then(|| FileStore::new(paths, key));
        let mut cascade = Cascade { stores, fallback: None, awaited: None, lookout, lock };
        if let Some((keyring, reason)) = awaited {
            cascade.lookout.note(true, msg!("note-file-store").because(reason.clone()));
            let seen = cascade.lookout.look();
            (cascade.fallback, cascade.awaited) =
                (Some(reason), Some(Awaited { keyring, looked: Instant::now(), seen }));
        }
        Ok(cascade)
    }

    /// Where `auto` found no keyring: takes it if there is one by now. What is in the file stays in view.
    pub(super) fn look_for_keyring(&mut self) {
        let Some(mut awaited) = self.awaited.take() else { return };
        let now = self.lookout.look();
        let is_due = awaited.looked.elapsed() >= LOOK_AGAIN || now.differs_in_keyring(&awaited.seen);
        if is_due && awaited.keyring.probe().is_ok() {
            self.stores.insert(0, Box::new(awaited.keyring));
            self.fallback = None;
            self.lookout.note(false, msg!("note-keyring-found"));
            return;
        }
        if is_due {
            // What was seen before it was looked for: what came meanwhile is looked at next time.
            (awaited.looked, awaited.seen) = (Instant::now(), now);
        }
        self.awaited = Some(awaited);
    }

    /// Who looks whether something changed.
    pub fn lookout(&self) -> Lookout {
        self.lookout.clone()
    }

    /// Why `auto` did not take the keyring, if it did not.
    pub fn fallback(&self) -> Option<&Message> {
        self.fallback.as_ref()
    }

    /// All records and where each is kept.
    pub fn load(&mut self) -> Result<BTreeMap<AccountKey, (Record, StoredIn)>> {
        self.look_for_keyring();
        self.collect(|store| store.load())
    }

    /// The same without the keyring, while that cannot be read.
    pub fn load_others(&mut self) -> Result<BTreeMap<AccountKey, (Record, StoredIn)>> {
        self.collect(|store| if store.stored_in().may_be_away() { Ok(Vec::new()) } else { store.load() })
    }

    /// Of an account that two stores have, the later record counts: the keyring may have been away for a while.
    pub(super) fn collect(
        &mut self,
        mut read: impl FnMut(&mut dyn CredentialStore) -> Result<Vec<Record>>,
    ) -> Result<BTreeMap<AccountKey, (Record, StoredIn)>> {
        let mut all: BTreeMap<AccountKey, (Record, StoredIn)> = BTreeMap::new();
        for store in &mut self.stores {
            let stored_in = store.stored_in();
            for record in read(&mut **store)? {
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

    pub(super) fn lock(&self) -> Result<Option<File>> {
        self.lock.as_ref().map(FileStore::lock).transpose()
    }

    /// Where new records go.
    pub fn first(&self) -> Option<StoredIn> {
        self.stores.first().map(|store| store.stored_in())
    }

    /// Copies every record into the store of this choice and reads it back from there. Nothing is taken away yet.
    pub fn copied(&mut self, to: StoreChoice, paths: &Paths, key: &StoreKey) -> Result<Copied> {
        let mut target = Cascade::open(to, paths, key)?;
        let all: Vec<Record> = self.load()?.into_values().map(|(record, _)| record).collect();
        // Out of memory nobody else can take anything, but others may share where it goes.
        let _lock = self.lock()?.map_or_else(|| target.lock(), |lock| Ok(Some(lock)))?;
        let Some(first) = target.stores.first_mut() else { return Err(StoreError::NotKept) };
        first.put(&all)?;
        let accounts: Vec<AccountKey> = all.iter().map(|record| record.account().clone()).collect();
        let kept: BTreeMap<_, _> =
            first.find(&accounts)?.into_iter().map(|record| (record.account().clone(), record)).collect();
        let is_kept = |record: &Record| {
            let found = kept.get(record.account());
            found.is_some_and(|found| found.credential().secret().matches(record.credential().secret()))
        };
        match all.iter().all(is_kept) {
            true => Ok(Copied { target, accounts }),
            false => Err(StoreError::NotKept),
        }
    }

    /// Takes away what was copied, and uses the store it was copied to from then on. Returns how many moved.
    pub fn replace_by(&mut self, Copied { mut target, accounts }: Copied) -> Result<usize> {
        let _lock = self.lock()?.map_or_else(|| target.lock(), |lock| Ok(Some(lock)))?;
        // What another agent changed since it was copied goes along as it is now.
        let there: BTreeSet<AccountKey> = self.load()?.into_keys().chain(accounts.iter().cloned()).collect();
        let there: Vec<AccountKey> = there.into_iter().collect();
        let now = self.collect(|store| store.find(&there))?;
        let gone: Vec<AccountKey> = accounts.iter().filter(|account| !now.contains_key(account)).cloned().collect();
        let now: Vec<Record> = now.into_values().map(|kept| kept.0).collect();
        let accounts = there;
        let first = target.first();
        if let Some(store) = target.stores.first_mut() {
            let copied = store.find(&accounts)?;
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
        for store in self.stores.iter_mut().filter(|store| Some(store.stored_in()) != first) {
            store.remove(&accounts)?;
        }
        *self = target;
        Ok(accounts.len() - gone.len())
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
        // Most often there is nothing, and nobody has to be waited for to know that.
        if !self.legacy_keys()?.iter().any(|found| found == key.as_str()) {
            return Ok(None);
        }
        let _lock = self.lock()?;
        let mut found = None;
        for store in &mut self.stores {
            if let Some(credential) = store.legacy(&key)? {
                found = Some(Record::new(AccountKey::new(server.clone(), None), credential));
                break;
            }
        }
        let Some(record) = found else { return Ok(None) };
        if !self.collect(|store| store.find(std::slice::from_ref(record.account())))?.is_empty() {
            // Somebody logged in there meanwhile.
            return Ok(None);
        }
        let Some(first) = self.stores.first_mut() else { return Err(StoreError::NotKept) };
        first.put(std::slice::from_ref(&record))?;
        let stored_in = first.stored_in();
        self.stores.iter_mut().try_for_each(|store| store.remove_legacy(&key))?;
        Ok(Some((record, stored_in)))
    }
}
