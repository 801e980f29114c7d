use std::io;
use std::path::PathBuf;

use super::Message;
use super::lock_holder::LockHolder;
use crate::msg;

/// The size limit of loom's own files, in bytes; lower in unit tests. Nothing larger is written or read.
pub const MAX_SIZE: u64 = if cfg!(test) { 4 } else { 64 } * 1024 * 1024;

/// Why a private file or directory was not used. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// Others could read or replace it.
    #[error("{path}: {reason}")]
    Unsafe {
        /// The file or directory.
        path: PathBuf,
        /// What makes it unfit.
        reason: Unsafe,
    },
    /// The file is, or would become, larger than [`MAX_SIZE`].
    #[error("{path} has, or would have, more than {MAX_SIZE} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Another process held the lock for the whole time that it was waited for.
    #[error("{path} is locked by {holder}")]
    Held {
        /// The locked file.
        path: PathBuf,
        /// The process that holds the lock, if the system says which.
        holder: LockHolder,
    },
    /// The system refused to open, read, write or lock it.
    #[error("{path}: {error}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What makes a file or directory unfit for secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// It is a symbolic link, or not the file or directory that is wanted.
    #[error("is a symbolic link or not what it should be")]
    NotPlain,
    /// Another user owns it.
    #[error("belongs to another user")]
    Owner,
    /// Other users have access to it.
    #[error("is accessible by others")]
    Mode,
    /// It has a second name, through which others might reach it.
    #[error("has more than one name")]
    HardLink,
}

impl PrivateFileError {
    /// The sentence that says what is wrong, for people.
    pub fn message(&self) -> Message {
        match self {
            PrivateFileError::Unsafe { path, reason } => {
                let path = path.display();
                match reason {
                    Unsafe::NotPlain => msg!("file-not-plain", path = path),
                    Unsafe::Owner => msg!("file-owner", path = path),
                    Unsafe::Mode => msg!("file-mode", path = path),
                    Unsafe::HardLink => msg!("file-hard-link", path = path),
                }
            }
            PrivateFileError::TooLarge { path } => {
                msg!("file-too-large", path = path.display(), size = MAX_SIZE / 1024 / 1024)
            }
            PrivateFileError::Held { path, holder } => holder.message(path),
            PrivateFileError::Io { path, error } => msg!("file-trouble", path = path.display(), error = error),
        }
    }

    /// Whether there is no such file or directory.
    pub fn is_not_found(&self) -> bool {
        matches!(self, PrivateFileError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }
}
