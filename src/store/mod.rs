//! Floor 2: where credentials are kept: the OS keyring, a sealed file, or memory only.
//!
//! Everything here blocks; the agent calls it from a thread that may wait.

mod cascade;
mod envelope;
mod error;
mod file;
mod key;
mod keyring;
mod legacy;
mod memory;
mod passphrase;
mod patience;
mod platform;
mod record;
pub mod rekey;
pub mod repair;
mod seal;
mod secret_service;
mod transfer;
mod watch;
mod worker;

pub use cascade::Cascade;
pub use error::StoreError;
pub use key::{Protection, StoreKey};
pub use record::Record;

/// Whether these bytes are a sealed file of a key that nobody has, which they never are: for fuzzing the parser.
#[doc(hidden)]
pub fn check_sealed_file(bytes: &[u8]) -> bool {
    let _ = envelope::parse_legacy(bytes);
    envelope::open(bytes, &seal::Seal::of_nobody()).is_ok()
}

use crate::base::AccountKey;
use crate::wire::StoredIn;
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

    /// Keeps a record, in place of the one with the same account.
    fn put(&mut self, record: &Record) -> Result<(), StoreError>;

    /// Forgets the account's record. Nothing to forget is no error.
    fn remove(&mut self, account: &AccountKey) -> Result<(), StoreError>;

    /// Under which keys an older Loom left something here.
    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>, StoreError>;

    /// What an older Loom left here under this key, and it only.
    fn legacy(&mut self, key: &LegacyKey) -> Result<Option<crate::base::Credential>, StoreError>;

    /// Forgets what [`legacy`](Self::legacy) gave.
    fn remove_legacy(&mut self, key: &LegacyKey) -> Result<(), StoreError>;
}
