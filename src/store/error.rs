use std::path::PathBuf;

use crate::base::private_file::PrivateFileError;
use crate::base::{Message, StoredIn};

/// Why a store did not do what it was asked. What it kept before is still as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is there and locked: a person has to unlock it.
    #[error("the {} is locked", .0.name())]
    Locked(StoredIn),
    /// The key of the sealed file is opened by a passphrase only, which was not given yet.
    #[error("a passphrase is needed")]
    PassphraseNeeded,
    #[error("this is not the passphrase")]
    WrongPassphrase,
    /// It opens a key, but not the one that the file is sealed with: a change of the passphrase was cut short.
    #[error("this is not the passphrase that counts")]
    OtherPassphrase,
    /// It does not answer.
    #[error("the {} does not answer", .place.name())]
    Unavailable { place: StoredIn, reason: Message },
    /// Nothing can be sealed.
    #[error("the system gives no random numbers")]
    NoRandom(getrandom::Error),
    /// Whoever asked has been told by now that it was not done, so it was not begun.
    #[error("the store was busy for too long")]
    Late,
    /// Somebody else changed what was to be changed, so nothing was.
    #[error("somebody else was faster")]
    Raced,
    /// The file or its key is not what it was when it was written.
    #[error("{path} is damaged")]
    Damaged { path: PathBuf },
    /// The file was sealed with another key than the one that is here, or the key is gone.
    #[error("{path} was sealed with another key than {key}")]
    WrongKey { path: PathBuf, key: PathBuf },
    /// There was a file, and it is gone. `left` is what is still there of it; something can be restored from its copy, or
    /// from what the agent has seen of it.
    #[error("{path} is missing")]
    Missing { path: PathBuf, left: Vec<PathBuf>, restorable: bool },
    /// Written by a newer loom.
    #[error("{path} was written by a newer version")]
    Newer { path: PathBuf },
    /// The store gave back something else than what was put into it.
    #[error("the store did not keep what was written to it")]
    NotKept,
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

impl StoreError {
    /// The keyring does not answer, for this reason.
    pub fn of_keyring(reason: Message) -> StoreError {
        StoreError::Unavailable { place: StoredIn::Keyring, reason }
    }
}
