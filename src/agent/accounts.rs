use std::collections::BTreeMap;

use crate::base::{AccountKey, Credential, Expiry, Secret, ServerUrl, clock};
use crate::store::Record;
use crate::wire::{Condition, StoredIn};

/// What the agent holds in memory: every account, as its store has it.
#[derive(Default)]
pub(super) struct Accounts(BTreeMap<AccountKey, Held>);

/// One account as held.
pub(super) struct Held {
    record: Record,
    stored_in: StoredIn,
}

impl Accounts {
    pub(super) fn new(stored: BTreeMap<AccountKey, (Record, StoredIn)>) -> Self {
        let held = |(record, stored_in)| Held { record, stored_in };
        Accounts(stored.into_iter().map(|(key, stored)| (key, held(stored))).collect())
    }

    pub(super) fn get(&self, key: &AccountKey) -> Option<&Held> {
        self.0.get(key)
    }

    /// In the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.0.values()
    }

    /// Those of the server's origin. In the order of keys they follow one another: scheme, host, port, then path, user.
    pub(super) fn at_origin<'a>(&'a self, server: &ServerUrl) -> impl Iterator<Item = &'a Held> {
        let origin = server.origin();
        let first = AccountKey::new(origin.clone(), Some(String::new()));
        self.0.range(first..).map(|(_, held)| held).take_while(move |held| held.key().server().same_origin(&origin))
    }

    /// Takes in what was stored.
    pub(super) fn insert(&mut self, record: Record, stored_in: StoredIn) {
        self.0.insert(record.account().clone(), Held { record, stored_in });
    }

    pub(super) fn remove(&mut self, key: &AccountKey) {
        self.0.remove(key);
    }
}

impl Held {
    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn key(&self) -> &AccountKey {
        self.record.account()
    }

    pub(super) fn credential(&self) -> &Credential {
        self.record.credential()
    }

    pub(super) fn secret(&self) -> &Secret {
        self.credential().secret()
    }

    pub(super) fn stored_in(&self) -> StoredIn {
        self.stored_in
    }

    /// The user name git sends with it.
    pub(super) fn git_user(&self) -> &str {
        self.credential().git_user(self.key())
    }

    /// Whether it can be of use for `margin` seconds more.
    pub(super) fn condition(&self, margin: i64) -> Condition {
        let ends = |expiry: Expiry| expiry.ends_within(margin, clock::now());
        match (self.record.refused(), self.credential().expires()) {
            (true, _) => Condition::Refused,
            (false, Some(expiry)) if ends(expiry) => Condition::Expired,
            (false, _) => Condition::Valid,
        }
    }
}
