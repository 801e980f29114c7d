//! Floor 3: where credentials are kept: the OS keyring, a sealed file, or memory only.
//!
//! Everything here blocks; the agent calls it from a thread that may wait.
//!
//! Reading waits for nobody: stores are read without their lock, and through a second opening while somebody changes
//! something in the first. Whoever waits for a store waits eight seconds at most, and is told.

mod cascade;
mod change;
mod changing;
mod claim;
#[cfg(test)]
mod conformance;
mod contract;
mod envelope;
mod error;
mod file;
mod file_change;
mod index;
mod journal;
mod journal_head;
mod key;
mod keyring;
mod keyring_entry;
mod label;
mod latest;
mod legacy;
mod legacy_source;
mod lookout;
mod memory;
mod migration;
mod passphrase;
mod patience;
mod platform;
mod record;
pub mod rekey;
pub mod repair;
mod revision;
mod seal;
mod sealed_file;
mod sign;
mod takeover;
mod watch;
mod worker;

pub use cascade::Cascade;
pub use change::{Change, Changed, Version, Wish};
pub use error::StoreError;
pub use key::{Protection, StoreKey};
pub use lookout::Lookout;
pub use migration::Copied;
pub use platform::{KEYRING, bring_bus};
pub use record::Record;

/// Whether these bytes are a sealed file of a key that nobody has, which they never are: for fuzzing the parser.
#[doc(hidden)]
pub fn check_sealed_file(bytes: &[u8]) -> bool {
    let _ = envelope::parse_legacy(bytes);
    sealed_file::is_whole(bytes, &seal::Seal::of_nobody())
}

use legacy::LegacyKey;
use revision::Revision;
