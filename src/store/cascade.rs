//! Keyring first, file second, never in silence.
//!
//! `auto` takes the keyring if one answers in time and the file otherwise, and says so. A keyring that is locked is an
//! error: falling back would split the credentials over two places without a word. So is one that this agent has used
//! and that is away (`Patience::was_used`). Where there was none it is looked for again: when the bus says that
//! somebody offers one, an asker brings a bus or the user's own appears (`Lookout`), and with a write at most every
//! three seconds. It is said once, new records go there from then on, and what is in the file stays in view. Of an
//! account that both have, the later record counts; a record that is written anew moves to the keyring.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::time::{Duration, Instant};

use super::contract::{Found, Store};
use super::file::FileStore;
use super::keyring::Keyring;
use super::memory::MemoryStore;
use super::{Lookout, Record, StoreError, StoreKey, Version};
use crate::base::{AccountKey, Message, Paths, ServerUrl, StoreChoice, StoredIn};
use crate::msg;

/// The stores in use. New records go to the first; the others are still read, so that nothing kept earlier disappears
/// from view.
pub struct Cascade {
    pub(super) stores: Vec<Box<dyn Store>>,
    fallback: Option<Message>,
    /// A keyring that `auto` did not find and that may come later.
    awaited: Option<Awaited>,
    pub(super) lookout: Lookout,
    /// The store whose lock keeps other agents from changing these stores; `None` where no others can.
    lock: Option<FileStore>,
    /// Accounts of which the last look found only something that is no valid record.
    damaged: Vec<AccountKey>,
}

/// Records by account, each with the place where it is kept.
pub(super) type Kept = BTreeMap<AccountKey, (Record, StoredIn)>;

/// A keyring that was not there when the stores were opened.
struct Awaited {
    keyring: Keyring,
    /// When it was last looked for, and what was seen of buses then.
    looked: Instant,
    seen: Version,
}

/// How often a keyring is looked for at most, where nothing suggests that there is one by now.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

type Result<T> = std::result::Result<T, StoreError>;

impl Cascade {
    /// Opens what `choice` names. `auto` takes the keyring if one answers in time, else the file until a keyring does.
    /// A keyring that is locked, or that was in use and is away, is an error and never a reason to take the file.
    pub fn open(choice: StoreChoice, paths: &Paths, key: &StoreKey) -> Result<Cascade> {
        let file = || Box::new(FileStore::new(paths, key)) as Box<dyn Store>;
        let mut keyring = Keyring::default();
        let (stores, awaited): (Vec<Box<dyn Store>>, _) = match choice {
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
        let signs = stores.iter().map(|store| (store.stored_in(), store.sign()));
        let lookout = Lookout::new(awaited.iter().map(|(keyring, _)| (StoredIn::Keyring, keyring.sign())).chain(signs));
        let lock = lookout.is_shared().then(|| FileStore::new(paths, key));
        let mut cascade = Cascade { stores, fallback: None, awaited: None, lookout, lock, damaged: Vec::new() };
        if let Some((keyring, reason)) = awaited {
            keyring.await_one(true);
            cascade.lookout.tell(msg!("note-file-store").because(reason.clone()));
            let seen = cascade.lookout.look();
            (cascade.fallback, cascade.awaited) =
                (Some(reason), Some(Awaited { keyring, looked: Instant::now(), seen }));
        }
        Ok(cascade)
    }

    /// If `auto` found no keyring when the stores were opened, takes one that is there by now. Records in the file stay
    /// in view.
    pub(super) fn look_for_keyring(&mut self) {
        let Some(mut awaited) = self.awaited.take() else { return };
        let now = self.lookout.look();
        let is_sign = now.of(StoredIn::Keyring) != awaited.seen.of(StoredIn::Keyring);
        let is_due = awaited.looked.elapsed() >= LOOK_AGAIN || is_sign;
        if is_due && awaited.keyring.probe().is_ok() {
            awaited.keyring.await_one(false);
            self.stores.insert(0, Box::new(awaited.keyring));
            self.fallback = None;
            self.lookout.tell(msg!("note-keyring-found"));
            return;
        }
        if is_due {
            // What was seen before it was looked for: what came meanwhile is looked at next time.
            (awaited.looked, awaited.seen) = (Instant::now(), now);
        }
        self.awaited = Some(awaited);
    }

    /// A handle that tells whether the stores changed, without waiting for whoever uses them.
    pub fn lookout(&self) -> Lookout {
        self.lookout.clone()
    }

    /// Why `auto` did not take the keyring; `None` if it did, or if the choice was another.
    pub fn fallback(&self) -> Option<&Message> {
        self.fallback.as_ref()
    }

    /// Every record and where it is kept. If two stores have an account the later record counts.
    pub fn load(&mut self) -> Result<Kept> {
        self.look_for_keyring();
        let found = self.each(|store| store.load())?;
        let is_damaged = |(_, found): &&(StoredIn, Found)| found.record.is_none();
        self.damaged = found.iter().filter(is_damaged).map(|(_, found)| found.account.clone()).collect();
        Ok(latest(found))
    }

    /// Whether one of the stores names an account of one of these origins. No secret is read.
    pub fn names_any(&mut self, origins: &[ServerUrl]) -> Result<bool> {
        for store in &mut self.stores {
            if store.names_any(origins)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every record and where it is kept, without those of the keyring: for when that cannot be read.
    pub fn load_others(&mut self) -> Result<Kept> {
        let load = |store: &mut dyn Store| if store.stored_in().may_be_away() { Ok(Vec::new()) } else { store.load() };
        Ok(latest(self.each(load)?))
    }

    /// What each store has of these accounts. The caller holds the lock of the stores.
    pub(super) fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<(StoredIn, Found)>> {
        self.each(|store| store.get(accounts))
    }

    fn each(&mut self, mut read: impl FnMut(&mut dyn Store) -> Result<Vec<Found>>) -> Result<Vec<(StoredIn, Found)>> {
        let mut all = Vec::new();
        for store in &mut self.stores {
            let stored_in = store.stored_in();
            all.extend(read(&mut **store)?.into_iter().map(|found| (stored_in, found)));
        }
        Ok(all)
    }

    /// The accounts of which the last [`load`](Self::load) found only something that is no valid record.
    pub fn damaged(&self) -> Vec<AccountKey> {
        self.damaged.clone()
    }

    pub(super) fn lock(&self) -> Result<Option<File>> {
        self.lock.as_ref().map(FileStore::lock).transpose()
    }

    /// Whether one of the stores may be away, which its calls then say by themselves.
    pub fn may_be_away(&self) -> bool {
        self.stores.iter().any(|store| store.stored_in().may_be_away())
    }

    /// The place to which new records go.
    pub fn first(&self) -> Option<StoredIn> {
        self.stores.first().map(|store| store.stored_in())
    }
}

/// The records of several stores together. If two have an account the later record counts: the keyring may have been
/// away.
pub(super) fn latest(found: Vec<(StoredIn, Found)>) -> Kept {
    let mut all = Kept::new();
    for (stored_in, found) in found {
        let Some(record) = found.record else { continue };
        match all.entry(found.account) {
            Entry::Occupied(mut known) if known.get().0.saved() < record.saved() => {
                known.insert((record, stored_in));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert((record, stored_in));
            }
        }
    }
    all
}
