//! Floor 2: where credentials are kept: the OS keyring, a sealed file, or memory only.
//!
//! Everything here blocks; the agent calls it from a thread that may wait.
//!
//! Reading waits for nobody: stores are read without their lock, and through a second opening while somebody changes
//! something in the first. Whoever waits for a store waits eight seconds at most, and is told.

mod buses;
mod cascade;
mod change;
mod changing;
#[cfg(test)]
mod conformance;
mod envelope;
mod error;
mod file;
mod file_change;
mod index;
mod journal;
mod journal_head;
mod key;
mod keyring;
mod label;
mod latest;
mod legacy;
mod lookout;
mod memory;
mod passphrase;
mod patience;
mod platform;
mod record;
pub mod rekey;
pub mod repair;
mod seal;
mod sealed_file;
mod secret_service;
mod takeover;
mod transfer;
mod watch;
mod worker;

pub use buses::bring as bring_bus;
pub use cascade::{Cascade, Copied};
pub use change::{Change, Changed, Version, Wish};
pub use error::StoreError;
pub use key::{Protection, StoreKey};
pub use lookout::Lookout;
pub use record::Record;

/// Whether these bytes are a sealed file of a key that nobody has, which they never are: for fuzzing the parser.
#[doc(hidden)]
pub fn check_sealed_file(bytes: &[u8]) -> bool {
    let _ = envelope::parse_legacy(bytes);
    sealed_file::is_whole(bytes, &seal::Seal::of_nobody())
}

use crate::base::{AccountKey, StoredIn};
use file::FileStore;
use keyring::Keyring;
use legacy::LegacyKey;
use memory::MemoryStore;

/// A place that keeps records. What `put` or `remove` acknowledged survives a crash, if the place survives one at all.
trait CredentialStore: Send {
    fn stored_in(&self) -> StoredIn;

    /// All records of ours.
    fn load(&mut self) -> Result<Vec<Record>, StoreError>;

    /// The accounts of which the last [`load`](Self::load) found something here that is no record any more.
    fn damaged(&self) -> &[AccountKey] {
        &[]
    }

    /// Those of these accounts. The caller holds the lock of the stores.
    fn find(&mut self, accounts: &[AccountKey]) -> Result<Vec<Record>, StoreError>;

    /// Keeps records, each in place of the one with the same account. The caller holds the lock of the stores.
    fn put(&mut self, records: &[Record]) -> Result<(), StoreError>;

    /// Forgets the records of these accounts. Nothing to forget is no error. The caller holds the lock of the stores.
    fn remove(&mut self, accounts: &[AccountKey]) -> Result<(), StoreError>;

    /// Under which keys an older Loom left something here.
    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>, StoreError>;

    /// What an older Loom left here under this key, and it only. The caller holds the lock of the stores.
    fn legacy(&mut self, key: &LegacyKey) -> Result<Option<crate::base::Credential>, StoreError>;

    /// Forgets what [`legacy`](Self::legacy) gave. The caller holds the lock of the stores.
    fn remove_legacy(&mut self, key: &LegacyKey) -> Result<(), StoreError>;
}
