//! What every store has to do, tried with each of them: a new store is one [`Bench`] more.
//!
//! [`rules`] has a test for each promise of [`Store`]; [`life`] goes through a random life beside a model of it.

mod benches;
mod life;
mod rules;

use std::collections::BTreeMap;

use super::Record;
use super::contract::{Found, Store};
use crate::base::{AccountKey, Credential, Secret, ServerUrl, TokenSource};

/// A store on the bench.
trait Bench {
    /// Somebody more who uses it, or the same after a restart. What does not outlive the agent is empty then.
    fn open(&self) -> Box<dyn Store>;

    /// Leaves what a put of this record leaves that is cut short by a power cut.
    fn cut_short(&self, record: &Record);

    /// Spoils what is there of this account.
    fn damage(&self, account: &AccountKey);

    /// How many records are many for it, in the time that a test has.
    fn many(&self) -> usize;
}

pub(super) fn account(n: usize) -> AccountKey {
    AccountKey::new(ServerUrl::parse(&format!("https://h{n}.example")).unwrap(), None)
}

pub(super) fn record(n: usize, secret: &str) -> Record {
    Record::new(account(n), Credential::token(Secret::new(secret.to_owned()), TokenSource::Given))
}

/// The secrets of what is whole.
pub(super) fn secrets(found: Vec<Found>) -> BTreeMap<AccountKey, String> {
    let secret = |record: &Record| record.credential().secret().expose().to_owned();
    found.into_iter().filter_map(|found| Some((found.account, secret(found.record.as_ref()?)))).collect()
}
