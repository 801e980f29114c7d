//! Why a store did not do what it was asked. Callers decide by these cases, so each is one that calls for another
//! reaction; in every case what was kept before is still as it was.

use std::path::PathBuf;

use crate::base::private_file::PrivateFileError;
use crate::base::{Message, StoredIn};

/// Why a store did not do what it was asked. What it kept before is still as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is there and locked; a person has to unlock it.
    #[error("the {} is locked", .0.name())]
    Locked(StoredIn),
    /// The key of the sealed file is opened by a passphrase only, which was not given yet.
    #[error("a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase opens no key.
    #[error("this is not the passphrase")]
    WrongPassphrase,
    /// The passphrase opens a key, but not the one that the file is sealed with: a change of the passphrase was cut
    /// short.
    #[error("this is not the passphrase that counts")]
    OtherPassphrase,
    /// The store does not answer, for this reason.
    #[error("the {} does not answer", .place.name())]
    Unavailable {
        /// The store.
        place: StoredIn,
        /// Why it does not answer, for people.
        reason: Message,
    },
    /// The system gives no random numbers, so nothing can be sealed.
    #[error("the system gives no random numbers")]
    NoRandom(getrandom::Error),
    /// The change was not begun, because whoever asked for it has already been told that it was not made.
    #[error("the store was busy for too long")]
    Late,
    /// Another program changed the record first, so nothing was changed.
    #[error("somebody else was faster")]
    Raced,
    /// The file or its key was altered since it was written.
    #[error("{path} is damaged")]
    Damaged {
        /// The file or the key.
        path: PathBuf,
    },
    /// The file was sealed with another key than the one that is here, or there is no key.
    #[error("{path} was sealed with another key than {key}")]
    WrongKey {
        /// The file.
        path: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// There was a file, and it is gone.
    #[error("{path} is missing")]
    Missing {
        /// The file that is gone.
        path: PathBuf,
        /// What remains of it: its key and its copy, as far as they are there.
        left: Vec<PathBuf>,
        /// Whether records can be restored from the copy, or from what the agent has in memory.
        restorable: bool,
    },
    /// A newer version of loom wrote the file.
    #[error("{path} was written by a newer version")]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// The store gave back something other than what was written to it.
    #[error("the store did not keep what was written to it")]
    NotKept,
    /// A file could not be locked, read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

impl StoreError {
    /// The error of a keyring that does not answer, for this reason.
    pub fn of_keyring(reason: Message) -> StoreError {
        StoreError::Unavailable { place: StoredIn::Keyring, reason }
    }
}
