//! Files that a person names: read only if they are files, and only as long as files of their kind can be. A pipe would
//! keep whoever reads it waiting, a device would never end.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Message;
use crate::msg;
use crate::os::file::{FileFacts, open_named};

/// The size limit of a file of certificates, in bytes. The certificates of all known authorities take a small part of
/// it.
pub const MAX_CERTIFICATES: u64 = 16 * 1024 * 1024;

/// The size limit of settings, a key or a client's secret, in bytes.
pub const MAX_TEXT: u64 = 1024 * 1024;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum PlainFileError {
    /// What has this path is a directory, a pipe, a device or a socket.
    #[error("{path}: not a plain file")]
    NotPlain {
        /// The path that was named.
        path: PathBuf,
    },
    /// The file is larger than what is read of its kind.
    #[error("{path}: more than {most} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many bytes are read of files of its kind.
        most: u64,
    },
    /// The system did not let the file be opened or read, or it is not text where text is wanted.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl PlainFileError {
    /// The sentence that says what is wrong, for people.
    pub fn message(&self) -> Message {
        match self {
            PlainFileError::NotPlain { path } => msg!("file-no-file", path = path.display()),
            PlainFileError::TooLarge { path, most } => {
                msg!("file-too-large", path = path.display(), size = most / 1024 / 1024)
            }
            PlainFileError::Io { path, error } => msg!("file-trouble", path = path.display(), error = error),
        }
    }

    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(self, PlainFileError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a file of at most `most` bytes. Links are followed.
pub fn read(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, PlainFileError> {
    let io_error = |error| PlainFileError::Io { path: path.to_owned(), error };
    let too_large = || PlainFileError::TooLarge { path: path.to_owned(), most };
    let file = open_named(path).map_err(io_error)?;
    let found = FileFacts::of(&file).map_err(io_error)?;
    if !found.is_file() {
        return Err(PlainFileError::NotPlain { path: path.to_owned() });
    }
    if found.size() > most {
        return Err(too_large());
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(found.size() as usize + 1));
    file.take(most + 1).read_to_end(&mut bytes).map_err(io_error)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// Reads a file of at most `most` bytes of UTF-8. Links are followed.
pub fn read_text(path: &Path, most: u64) -> Result<Zeroizing<String>, PlainFileError> {
    let mut bytes = read(path, most)?;
    String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        PlainFileError::Io { path: path.to_owned(), error: io::ErrorKind::InvalidData.into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::fixture;

    #[test]
    fn only_files_are_read_and_only_so_much_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name| dir.path().join(name);
        std::fs::write(path("file"), "text").unwrap();
        fixture::link("file", &path("link"));
        fixture::link(fixture::ENDLESS, &path("zero"));
        fixture::pipe(&path("fifo"));
        assert_eq!(&**read_text(&path("link"), 4).unwrap(), "text");
        assert!(matches!(read(&path("file"), 3), Err(PlainFileError::TooLarge { .. })));
        for other in ["zero", "fifo", "."] {
            assert!(matches!(read(&path(other), 4), Err(PlainFileError::NotPlain { .. })), "{other}");
        }
        assert!(read(&path("none"), 4).unwrap_err().is_not_found());
        // What the kernel makes up has no size before it is read.
        assert!(read(Path::new(fixture::MADE_UP), 1).is_err());
    }
}
