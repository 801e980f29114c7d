//! The directory of a granted command: whose it is, where it is made, and how one that was left is known.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use loom_credentials::base::private_file;
use loom_credentials::os::{directories, private};

use super::relay;

/// What the names of such directories begin with; then comes what nobody can guess.
const PREFIX: &str = "loom-exec-";

/// The file in it that is locked for as long as the command runs.
const LOCK: &str = "lock";

/// The name of the socket in it.
const SOCKET: &str = "s";

/// How often a directory is made anew that another one swept away before it was locked.
const TRIES: usize = 8;

/// A directory of this user's alone, for a socket and the settings of programs that are told of it. It goes with the
/// command; what a killed one left goes with the next. Whether a command still runs is told by a lock: the number of
/// its process means another one in a container.
pub(super) struct PrivateDir {
    path: PathBuf,
    _lock: File,
}

impl PrivateDir {
    /// Makes one where things end with the session, unless that is hidden from the command, and first where the path of
    /// a socket fits.
    pub(super) fn make(is_hidden: bool) -> io::Result<PrivateDir> {
        let places = directories::runtime().filter(|_| !is_hidden).chain([std::env::temp_dir()]);
        let mut places: Vec<PathBuf> = places.filter(|place| place.is_dir()).collect();
        places.sort_by_key(|place| !relay::fits(&named(place).join(SOCKET)));
        let mut made = Err(io::ErrorKind::NotFound.into());
        for place in places {
            sweep(&place);
            made = PrivateDir::make_in(&place);
            if made.is_ok() {
                break;
            }
        }
        made
    }

    fn make_in(place: &Path) -> io::Result<PrivateDir> {
        for _ in 0..TRIES {
            let path = named(place);
            // It must be new: what has the name already is somebody else's.
            private::create_dir(&path)?;
            let lock = path.join(LOCK);
            if let Ok(Some(file)) = private_file::try_lock(&lock)
                && lock.exists()
            {
                return Ok(PrivateDir { path, _lock: file });
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path.join(SOCKET)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // The next one tries again.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A name in this place that nobody knows before.
fn named(place: &Path) -> PathBuf {
    place.join(format!("{PREFIX}{:016x}", RandomState::new().hash_one(std::process::id())))
}

/// Removes what commands left that nobody holds any more.
fn sweep(place: &Path) {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let left = entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)));
    for path in left.map(|entry| entry.path()) {
        // A link leads elsewhere, and another user's stays.
        let is_own = std::fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) && private::is_usable(&path);
        if is_own && let Ok(Some(lock)) = private_file::try_lock(&path.join(LOCK)) {
            drop(lock);
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}
