//! Files and directories that only their owner may touch, and replacing one without a moment at which it is half
//! written.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::foreign::of_another;
use super::lock_holder::LockHolder;
use super::temporary::temporary;
use super::{Waiting, clock};
use crate::msg;
use crate::os::file::{FileFacts, FileId};
use crate::os::lock as file_lock;
use crate::os::naming;
use crate::os::private::{self, OpenError, Opening};

pub use super::private_file_error::{MAX_SIZE, PrivateFileError, Unsafe};

/// How long a lock is waited for. Whoever holds one for longer hangs, so an error helps more than waiting on.
pub const LOCK_WITHIN: Duration = Duration::from_secs(5);

/// How often a lock that somebody holds is tried again.
const LOCK_AGAIN: Duration = Duration::from_millis(5);

type Result<T> = std::result::Result<T, PrivateFileError>;

/// Creates the directory with its parents, for its owner alone (0700), but none in another user's. One that exists must
/// be ours, and nobody else may write in it.
pub fn private_dir(path: &Path) -> Result<()> {
    if let Some(dir) = of_another(path) {
        return Err(unsafe_path(&dir, Unsafe::Owner));
    }
    // What is in a directory is on the disk only if the directory is.
    let new: Vec<&Path> = path.ancestors().take_while(|dir| !is_there(dir)).collect();
    private::create_dirs(path).map_err(io_error(path))?;
    for parent in new.iter().filter_map(|dir| dir.parent()) {
        // One that may not be opened, such as a mount's root, is somebody else's.
        let _ = private::sync_dir(parent);
    }
    check_private(path, &FileFacts::of_name(path).map_err(io_error(path))?)
}

/// Checks a directory as [`private_dir`] does, but creates none: a missing one is fine.
pub fn check_dir(path: &Path) -> Result<()> {
    match FileFacts::of_name(path) {
        Ok(found) => check_private(path, &found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error(path)(error)),
    }
}

/// Fails if no files can be made in the directory.
pub fn check_writable(path: &Path) -> Result<()> {
    private::check_writable(path).map_err(io_error(path))
}

/// Checks that the directory is this user's and that nobody else can even enter it, as the socket's must be.
pub fn closed_dir(path: &Path) -> Result<()> {
    let found = FileFacts::of_name(path).map_err(io_error(path))?;
    check_owner(path, found.is_dir(), &found)?;
    refuse_if(found.is_open_to_others(), path, Unsafe::Mode)
}

/// Reads a private file; `None` if there is none. A link is not followed, and a FIFO is an error instead of a wait.
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    Ok(read_identified(path)?.map(|(bytes, _)| bytes))
}

/// Reads a private file as [`read`] does, and says which file it was.
pub fn read_identified(path: &Path) -> Result<Option<(Zeroizing<Vec<u8>>, FileId)>> {
    let Some(file) = open_to_read(path)? else { return Ok(None) };
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let found = FileFacts::of(&file).map_err(io_error(path))?;
    refuse_larger(path, found.size())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(found.size() as usize + 1));
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(io_error(path))?;
    refuse_larger(path, bytes.len() as u64)?;
    Ok(Some((bytes, found.id())))
}

/// Whether something has this name, whatever it is. What cannot be looked at counts as there.
pub fn is_there(path: &Path) -> bool {
    !matches!(path.symlink_metadata(), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Opens a private file to read a part of it; `None` if there is none.
pub fn open_to_read(path: &Path) -> Result<Option<File>> {
    match open(path, Opening::Read) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens an existing private file to change it in place.
pub fn open_to_change(path: &Path) -> Result<File> {
    open(path, Opening::Change)
}

/// Replaces the file by one with these bytes, for its owner alone (0600). At every instant either the old or the new
/// content is there, and the new one is on the disk when this returns. A crash can leave a temporary file behind, which
/// nothing reads and the next write in that directory removes.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    place(path, bytes, naming::replace)
}

/// Replaces a file of another program as [`replace`] does; it keeps the mode that it has.
pub fn replace_foreign(path: &Path, bytes: &[u8]) -> Result<()> {
    let mode = path.metadata().map_err(io_error(path))?.permissions();
    place(path, bytes, |temporary, path| {
        temporary.as_file().set_permissions(mode)?;
        naming::replace(temporary, path)
    })
}

/// Creates the file with these bytes, for its owner alone (0600). An existing file is an error and stays as it is.
pub fn create(path: &Path, bytes: &[u8]) -> Result<()> {
    place(path, bytes, naming::create)
}

/// Keeps the bytes of a damaged file beside it, as `NAME.damaged-UNIXTIME` or a similar free name. Returns the path.
pub fn keep_damaged(path: &Path, bytes: &[u8]) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let first = format!("{name}.damaged-{}", clock::now().as_second());
    let mut nth = 1;
    loop {
        let aside = path.with_file_name(if nth == 1 { first.clone() } else { format!("{first}-{nth}") });
        match create(&aside, bytes) {
            Err(PrivateFileError::Io { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => nth += 1,
            done => return done.map(|()| aside),
        }
    }
}

/// Gives the file another name in the same directory. A file that has that name already is replaced.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    naming::rename(from, to).map_err(io_error(from))?;
    let dir = to.parent().unwrap_or(Path::new("."));
    private::sync_dir(dir).map_err(io_error(dir))
}

/// Removes the file. It is no error if there is none.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path)(error)),
        _ => Ok(()),
    }
}

/// Opens a private file to append to it; a missing one is created for its owner alone (0600).
pub fn append(path: &Path) -> Result<File> {
    open(path, Opening::AppendOrCreate)
}

/// Waits for the exclusive lock on this file, at most [`LOCK_WITHIN`], and creates the file if needed. The lock ends
/// when the returned file is closed, also by a crash.
pub fn lock(path: &Path) -> Result<File> {
    lock_within(path, LOCK_WITHIN)
}

/// Waits for the lock as [`lock`] does, at most `time`. The error names the process that holds it, if the system says
/// which.
pub fn lock_within(path: &Path, time: Duration) -> Result<File> {
    let file = open_lock(path)?;
    let (until, mut waiting) = (Instant::now() + time, None);
    while !try_flock(path, &file)? {
        if Instant::now() >= until {
            return Err(PrivateFileError::Held { path: path.to_owned(), holder: LockHolder::of(&file) });
        }
        waiting.get_or_insert_with(|| Waiting::begin(LockHolder::of(&file).message(path)));
        std::thread::sleep(LOCK_AGAIN);
    }
    Ok(file)
}

/// Takes the exclusive lock on this file as [`lock`] does, but does not wait: `None` if another process holds it.
pub fn try_lock(path: &Path) -> Result<Option<File>> {
    let file = open_lock(path)?;
    Ok(try_flock(path, &file)?.then_some(file))
}

fn open_lock(path: &Path) -> Result<File> {
    open(path, Opening::ChangeOrCreate)
}

fn try_flock(path: &Path, file: &File) -> Result<bool> {
    file_lock::try_exclusive(file).map_err(io_error(path))
}

fn place(path: &Path, bytes: &[u8], name: impl FnOnce(NamedTempFile, &Path) -> io::Result<()>) -> Result<()> {
    refuse_larger(path, bytes.len() as u64)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let _waiting = Waiting::begin(msg!("disk-awaited", path = path.display()));
    let write = || -> io::Result<()> {
        let mut temporary = temporary(dir)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        name(temporary, path)
    };
    write().map_err(io_error(path))
}

pub(super) fn open(path: &Path, opening: Opening) -> Result<File> {
    let file = private::open(path, opening).map_err(|error| match error {
        OpenError::NotPlain => unsafe_path(path, Unsafe::NotPlain),
        OpenError::Io(error) => io_error(path)(error),
    })?;
    let found = FileFacts::of(&file).map_err(io_error(path))?;
    check_owner(path, found.is_file(), &found)?;
    refuse_if(found.is_open_to_others(), path, Unsafe::Mode)?;
    refuse_if(found.has_more_names(), path, Unsafe::HardLink)?;
    Ok(file)
}

fn check_private(path: &Path, found: &FileFacts) -> Result<()> {
    check_owner(path, found.is_dir(), found)?;
    refuse_if(found.is_writable_by_others(), path, Unsafe::Mode)
}

fn check_owner(path: &Path, is_plain: bool, found: &FileFacts) -> Result<()> {
    refuse_if(!is_plain, path, Unsafe::NotPlain)?;
    refuse_if(!found.is_ours(), path, Unsafe::Owner)
}

fn refuse_if(bad: bool, path: &Path, reason: Unsafe) -> Result<()> {
    if bad { Err(unsafe_path(path, reason)) } else { Ok(()) }
}

fn refuse_larger(path: &Path, size: u64) -> Result<()> {
    if size > MAX_SIZE { Err(PrivateFileError::TooLarge { path: path.to_owned() }) } else { Ok(()) }
}

fn unsafe_path(path: &Path, reason: Unsafe) -> PrivateFileError {
    PrivateFileError::Unsafe { path: path.to_owned(), reason }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> PrivateFileError {
    let path = path.to_owned();
    move |error| PrivateFileError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_waited_for_so_long_and_then_its_holder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.lock");
        let held = lock(&path).unwrap();
        let failed = lock_within(&path, Duration::from_millis(20)).unwrap_err();
        assert!(matches!(failed, PrivateFileError::Held { .. }), "{failed}");
        let waiting = std::thread::spawn(move || lock(&path).is_ok());
        drop(held);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn what_nobody_could_read_again_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let (most, more) = (vec![b'x'; MAX_SIZE as usize], vec![b'x'; MAX_SIZE as usize + 1]);
        replace(&path, &most).unwrap();
        for failed in [replace(&path, &more), create(&dir.path().join("b"), &more)] {
            assert!(matches!(failed, Err(PrivateFileError::TooLarge { .. })));
        }
        assert_eq!(read(&path).unwrap().unwrap().len(), most.len());
        File::options().append(true).open(&path).and_then(|mut file| file.write_all(b"x")).unwrap();
        assert!(matches!(read(&path), Err(PrivateFileError::TooLarge { .. })));
    }
}
