//! The copy of the stores in memory, with the state of the stores for which it is right. It changes only by what a
//! store was found to have or was seen to take; the one exception is a login that no store took, which is marked and
//! offered again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::agent::accounts::held::{Held, InStore};
use crate::base::{AccountKey, Config, ServerUrl, StoredIn};
use crate::store::{Changed, Record, Version};

/// What the agent holds in memory: every account, as its store has it.
#[derive(Default)]
pub(crate) struct Index {
    all: BTreeMap<AccountKey, Held>,
    /// Accounts of which a store has only something that is no valid record.
    damaged: Vec<AccountKey>,
    /// What the stores were when they were read.
    version: Version,
    /// Counts the changes since the agent began.
    changes: u64,
    /// The settings, which say of some servers which account is their default.
    settings: Arc<Config>,
}

impl Index {
    /// Takes these settings for what decides which account is a server's default.
    pub(crate) fn follow(&mut self, settings: Arc<Config>) {
        self.settings = settings;
    }

    /// How an account stands among those of its server: the one that the settings name first, then the oldest.
    pub(crate) fn seniority(&self, held: &Held) -> impl Ord + use<> {
        let key = held.key();
        let is_named = self.settings.default_account(key.server()) == Some(key.user());
        (!is_named, held.record().created())
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Takes in what the stores were at this version. What is known of an account beyond its record stays, and so does
    /// what no store has taken yet, unless the store has something else by now.
    pub(crate) fn read(
        &mut self,
        stored: BTreeMap<AccountKey, (Record, StoredIn)>,
        damaged: Vec<AccountKey>,
        version: Version,
    ) {
        self.damaged = damaged;
        let mut before = std::mem::take(&mut self.all);
        for (key, (record, stored_in)) in stored {
            let held = match before.remove(&key) {
                Some(held) if held.is_ahead_of(&record) => held,
                Some(held) => held.with(record, stored_in),
                None => Held::new(record, stored_in),
            };
            self.all.insert(key, held);
        }
        self.version = version;
        self.changes += 1;
    }

    /// Takes in what a change of these accounts left in the stores.
    pub(crate) fn take_in(&mut self, asked: &[AccountKey], changed: &Changed) {
        self.damaged.retain(|damaged| !asked.contains(damaged));
        for key in asked {
            let before = self.all.remove(key);
            let Some((record, stored_in)) = changed.kept.get(key).cloned() else { continue };
            let held = match before {
                // Nothing was changed, and what no store has taken yet is still to take its place.
                Some(held) if !changed.changed.contains(key) && held.is_ahead_of(&record) => held,
                Some(held) => held.with(record, stored_in),
                None => Held::new(record, stored_in),
            };
            self.all.insert(key.clone(), held);
        }
        // Else somebody else changed something as well, and all is read again before it is used.
        if self.version == changed.before {
            self.version = changed.after.clone();
        }
        self.changes += 1;
    }

    /// The accounts whose records cannot be read any more.
    pub(crate) fn damaged(&self) -> &[AccountKey] {
        &self.damaged
    }

    pub(crate) fn get(&self, key: &AccountKey) -> Option<&Held> {
        self.all.get(key)
    }

    /// Every account, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.all.values()
    }

    /// The accounts at the server's origin. Keys are ordered by scheme, host, port, path and user, so these follow one
    /// another.
    pub(crate) fn at_origin<'a>(&'a self, server: &ServerUrl) -> impl Iterator<Item = &'a Held> {
        let origin = server.origin();
        let first = AccountKey::new(origin.clone(), Some(String::new()));
        self.all.range(first..).map(|(_, held)| held).take_while(move |held| held.key().server().same_origin(&origin))
    }

    /// Takes in what the store did not take: it has that record in its place.
    pub(crate) fn insert_unsaved(&mut self, record: Record, stored_in: StoredIn, in_store: InStore) {
        let held = match self.all.remove(record.account()) {
            Some(held) => held.with(record, stored_in),
            None => Held::new(record, stored_in),
        };
        self.all.insert(held.key().clone(), held.unsaved(in_store));
        self.changes += 1;
    }

    /// Notes that a renewal follows a refusal.
    pub(crate) fn heal(&mut self, key: &AccountKey) {
        if let Some(held) = self.all.get_mut(key) {
            held.heal(Instant::now());
        }
    }

    /// An account as a test wants it.
    #[cfg(test)]
    pub(crate) fn insert(&mut self, record: Record, stored_in: StoredIn) {
        self.all.insert(record.account().clone(), Held::new(record, stored_in));
    }
}
