//! Changes as they are wished for: a decision that is made when it is the change's turn, by what the stores have then.
//! So a change that was overtaken is decided anew and never written over what somebody else put there.

use std::collections::{BTreeMap, BTreeSet};

use super::Record;
use super::sign::Mark;
use crate::base::{AccountKey, StoredIn};

/// What happens to the record of an account.
#[derive(Clone, Debug)]
pub enum Change {
    /// This record replaces it.
    Put(Box<Record>),
    /// It is removed.
    Remove,
}

/// A change to the records of some accounts. What happens is decided when it is made, by what the stores then have.
pub struct Wish {
    accounts: Vec<AccountKey>,
    decide: Box<Decide>,
}

type Decide = dyn FnMut(&AccountKey, Option<&Record>) -> Option<Change> + Send;

impl Wish {
    /// A change to these accounts. `decide` is called for each with its present record, if any, and returns what
    /// happens to it; `None` leaves it as it is. It may be called again if another program was faster.
    pub fn new(
        accounts: Vec<AccountKey>,
        decide: impl FnMut(&AccountKey, Option<&Record>) -> Option<Change> + Send + 'static,
    ) -> Wish {
        Wish { accounts, decide: Box::new(decide) }
    }

    /// The accounts that it is about.
    pub fn accounts(&self) -> &[AccountKey] {
        &self.accounts
    }

    /// What happens to each account, decided by the records that are kept now.
    pub(super) fn decide(&mut self, kept: &BTreeMap<AccountKey, (Record, StoredIn)>) -> Vec<(AccountKey, Change)> {
        let Wish { accounts, decide } = self;
        let decide = |account: &AccountKey| {
            let now = kept.get(account).map(|(record, _)| record);
            decide(account, now).map(|change| (account.clone(), change))
        };
        accounts.iter().filter_map(decide).collect()
    }
}

/// What a change did to the stores.
pub struct Changed {
    /// The present record of each account that the change was about, where there is one.
    pub kept: BTreeMap<AccountKey, (Record, StoredIn)>,
    /// The accounts whose record was changed.
    pub changed: BTreeSet<AccountKey>,
    /// The records that were replaced or removed.
    pub was: BTreeMap<AccountKey, Record>,
    /// The state of the stores immediately before the change.
    pub before: Version,
    /// The state of the stores since the change.
    pub after: Version,
}

/// The state of the stores as far as one cheap look tells. Two that are equal mean that nothing changed in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version(pub(super) Vec<(StoredIn, Mark)>);

impl Version {
    /// This state, marked as one in which it is not known what a store holds that may be away, such as the keyring.
    pub fn without_keyring(mut self) -> Version {
        self.0.retain(|(place, _)| !place.may_be_away());
        self
    }

    /// Whether a store that may be away, such as the keyring, may have changed between the two, and nothing else.
    pub fn differs_in_keyring_only(&self, other: &Version) -> bool {
        let is_other = |(place, mark): &&(StoredIn, Mark)| other.of(*place) != Some(mark);
        let (away, rest): (Vec<_>, Vec<_>) = self.0.iter().partition(|(place, _)| place.may_be_away());
        let others = other.0.iter().filter(|(place, _)| !place.may_be_away());
        away.iter().any(is_other) && rest.into_iter().eq(others)
    }

    pub(super) fn of(&self, place: StoredIn) -> Option<&Mark> {
        self.0.iter().find(|(known, _)| *known == place).map(|(_, mark)| mark)
    }
}
