use std::collections::{BTreeMap, BTreeSet};

use super::Record;
use crate::base::{AccountKey, Stamp, StoredIn};

/// What becomes of the record of an account.
#[derive(Clone, Debug)]
pub enum Change {
    /// This one takes its place.
    Put(Box<Record>),
    Remove,
}

/// What is to become of the records of these accounts: `decide` sees each as it is kept now.
pub struct Wish {
    accounts: Vec<AccountKey>,
    decide: Box<Decide>,
}

type Decide = dyn FnMut(&AccountKey, Option<&Record>) -> Option<Change> + Send;

impl Wish {
    pub fn new(
        accounts: Vec<AccountKey>,
        decide: impl FnMut(&AccountKey, Option<&Record>) -> Option<Change> + Send + 'static,
    ) -> Wish {
        Wish { accounts, decide: Box::new(decide) }
    }

    pub fn accounts(&self) -> &[AccountKey] {
        &self.accounts
    }

    /// What becomes of each account, by what is kept now.
    pub(super) fn decide(&mut self, kept: &BTreeMap<AccountKey, (Record, StoredIn)>) -> Vec<(AccountKey, Change)> {
        let Wish { accounts, decide } = self;
        let decide = |account: &AccountKey| {
            let now = kept.get(account).map(|(record, _)| record);
            decide(account, now).map(|change| (account.clone(), change))
        };
        accounts.iter().filter_map(decide).collect()
    }
}

/// What a change left in the stores.
pub struct Changed {
    /// Of each account that was asked about the record that is kept now, where one is.
    pub kept: BTreeMap<AccountKey, (Record, StoredIn)>,
    /// The accounts whose record was changed.
    pub changed: BTreeSet<AccountKey>,
    /// The records that others took the place of, or none.
    pub was: BTreeMap<AccountKey, Record>,
    /// What the stores were right before, and are since.
    pub before: Version,
    pub after: Version,
}

/// What is in the stores, as far as one cheap look tells: two that are equal mean that nothing changed in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    pub(super) file: Option<[Stamp; 2]>,
    /// Counts what happened to items of the keyring.
    pub(super) keyring: Option<u64>,
}

impl Version {
    /// The same where it is not known what the keyring has now.
    pub fn without_keyring(self) -> Version {
        Version { keyring: None, ..self }
    }

    pub(super) fn differs_in_keyring(&self, other: &Version) -> bool {
        self.keyring != other.keyring
    }

    /// Whether something may have changed in the keyring, and nowhere else.
    pub fn differs_in_keyring_only(&self, other: &Version) -> bool {
        self.file == other.file && self.keyring.is_some() && self.keyring != other.keyring
    }
}
