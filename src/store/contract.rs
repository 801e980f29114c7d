//! The store decides which value is which.
//!
//! A record is put in the place of a value that was seen, named by a `Revision` of the store's own: the nonce of a
//! sealed record, a hash of a keyring's items, the version of a server's entry. If another is there by now nothing is
//! written, and what was wanted is decided anew by what is there (`changing.rs`). Agents of one home have a lock as
//! well, so they never lose a race among themselves; the revision is for whoever has no such lock: another tool,
//! another machine. No clock decides, but between two places that both have an account: there the later record counts.
//! Each method takes several accounts, so that a batch is no fifth one: it is one write where a store can
//! (`is_one_write`).
//!
//! `conformance` tries every store with what is promised here.

use std::collections::BTreeMap;

use super::label::Label;
use super::legacy_source::LegacySource;
use super::sign::{Aging, Sign};
use super::{Record, Revision, StoreError};
use crate::base::{AccountKey, ServerUrl, StoredIn};

/// A place that keeps records: four methods, beside its name. What one acknowledged survives a crash, if the place
/// survives one at all.
///
/// The store itself says which value of an account is which ([`Revision`]), so that two who change the same one are
/// told, whatever their clocks and locks are. Agents of one home take the lock of the stores as well before they read
/// what they are about to change: so they lose no race among themselves.
///
/// A store over HTTP fits, such as the Vault API, and one that is a command of a password manager; each method says
/// how.
pub(super) trait Store: Send {
    /// The place in which it keeps records. A new store is a new variant of [`StoredIn`], which says what differs
    /// between places.
    fn stored_in(&self) -> StoredIn;

    /// What is kept, without the secrets. Whoever cannot tell one from the other reads both and gives the label only.
    ///
    /// Vault: `LIST metadata/…` has the names, `GET metadata/…/NAME` the version and, in `custom_metadata`, the label:
    /// no secret is read, and its audit log shows none. A command: `list`, a line of JSON for each.
    fn list(&mut self) -> Result<Vec<Listed>, StoreError>;

    /// What is kept of these accounts, with the secrets. One that is not there is no error, it is left out; one that
    /// cannot be read is an error, or [`Found`] without a record: it is never taken for one that is not there.
    ///
    /// Vault: `GET data/…/NAME`, whose answer has the version; 404 is nothing. A command: `get`, the account on its
    /// stdin.
    fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<Found>, StoreError>;

    /// Keeps records, each in the place of the value that this revision is; without one, where nothing is. If something
    /// else is there, nothing is changed and the error is [`StoreError::Raced`].
    ///
    /// Several are one write, all or nothing, where [`is_one_write`](Self::is_one_write) says so; else they are put in
    /// their order up to the first that fails, and a race must be told for one at a time.
    ///
    /// Vault: `POST data/…/NAME` with `options.cas`, which is 0 where nothing is; 400 with an error of `check-and-set`
    /// is a race. A command: `put`, record and revision on its stdin, with an exit code for a race. One that has no
    /// revisions of its own takes a hash of what it gives back, as the keyring does.
    fn put_if(&mut self, records: &[Put<'_>]) -> Result<(), StoreError>;

    /// Forgets these accounts, each if it still has this value; also one that is no record any more. One that is gone
    /// by now is no error, one that has another value is [`StoreError::Raced`]. Nothing of them stays behind, in older
    /// versions either.
    ///
    /// Vault: `DELETE` knows no `cas`, so a `POST` with `cas` of a record that says "gone" comes first, which decides;
    /// then
    /// `DELETE metadata/…/NAME`, which takes all versions with it. A command: `remove`, as `put`.
    fn remove_if(&mut self, accounts: &[(AccountKey, Revision)]) -> Result<(), StoreError>;

    /// Everything, with the secrets, for the agent's copy in memory. A store that can read all in fewer steps
    /// implements it.
    fn load(&mut self) -> Result<Vec<Found>, StoreError> {
        let accounts: Vec<AccountKey> = self.list()?.into_iter().map(|listed| listed.account).collect();
        self.get(&accounts)
    }

    /// Whether an account of one of these origins is kept. No secret is read for this and no key is needed, so that a
    /// locked agent can ask; what cannot be read is an error.
    fn names_any(&mut self, origins: &[ServerUrl]) -> Result<bool, StoreError> {
        let is_meant = |listed: &Listed| origins.iter().any(|origin| listed.account.server().same_origin(origin));
        Ok(self.list()?.iter().any(is_meant))
    }

    /// Keeps records, whatever each takes the place of.
    fn put(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let accounts: Vec<AccountKey> = records.iter().map(|record| record.account().clone()).collect();
        let mut there: BTreeMap<AccountKey, Revision> =
            self.get(&accounts)?.into_iter().map(|found| (found.account, found.revision)).collect();
        let put = |record| Put { record, instead_of: there.remove(Record::account(record)) };
        let puts: Vec<Put<'_>> = records.iter().map(put).collect();
        self.put_if(&puts)
    }

    /// Forgets whatever is there of these accounts.
    fn remove(&mut self, accounts: &[AccountKey]) -> Result<(), StoreError> {
        let there = self.get(accounts)?.into_iter().map(|found| (found.account, found.revision));
        self.remove_if(&there.collect::<Vec<_>>())
    }

    /// Whether several puts are one write: then many callers wait for the disk only once, and all or none are written.
    fn is_one_write(&self) -> bool {
        false
    }

    /// Tells whether the store changed, for whoever has a copy of what it holds. Here it cannot tell, so that a copy
    /// counts for two seconds; a store that has something cheaper to look at than its content gives that.
    ///
    /// Vault: nothing cheap says so; the revisions of `list` do, every so many seconds. A command: its files, if it
    /// names them.
    fn sign(&self) -> Box<dyn Sign> {
        Box::new(Aging::default())
    }

    /// What an older Loom left in this store, if it can have left anything.
    fn legacy(&mut self) -> Option<&mut dyn LegacySource> {
        None
    }
}

/// What a store has of an account, without the secret.
pub(super) struct Listed {
    pub(super) account: AccountKey,
    pub(super) revision: Revision,
    /// What is known of it without the secret; `None` if it is no valid record.
    pub(super) label: Option<Label>,
}

/// What a store has of an account.
pub(super) struct Found {
    pub(super) account: AccountKey,
    pub(super) revision: Revision,
    /// The record; `None` if what is there is no valid one.
    pub(super) record: Option<Record>,
}

/// A record, and the revision that it replaces.
pub(super) struct Put<'r> {
    pub(super) record: &'r Record,
    pub(super) instead_of: Option<Revision>,
}

impl Found {
    /// What was found, without the secret.
    pub(super) fn listed(self) -> Listed {
        let label = self.record.as_ref().map(Label::of);
        Listed { account: self.account, revision: self.revision, label }
    }
}
