use std::path::PathBuf;

use crate::base::private_file::PrivateFileError;

/// Why the ledger did not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// An active token in the same share has this name.
    #[error("there is an active token of this name")]
    NameTaken,
    /// As many tokens as this limit are active in the share.
    #[error("{0} tokens are active, which is the limit")]
    TooMany(usize),
    /// Another token, with this id, has taken its place already.
    #[error("the token {0} has taken its place")]
    Replaced(String),
    /// The file is no list of tokens, or a newer version of loom wrote it.
    #[error("{path} is not a list of tokens, or of a newer version")]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom(getrandom::Error),
    /// The file could not be locked, read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}
