use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::NamedTempFile;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};

use super::file::FileFacts;

/// How long a name is tried that is refused: whoever looks through new files, for viruses or to find them later, has
/// them open for a moment.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(10);

/// Gives a file that was written in the same directory this name. Whatever has the name is replaced, also while
/// somebody reads it.
pub fn replace(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    let (_file, written) = temporary.keep().map_err(|failed| failed.error)?;
    rename(&written, path).inspect_err(|_| drop(fs::remove_file(&written)))
}

/// Gives a file that was written in the same directory this name, which nothing may have.
pub fn create(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    temporary.persist_noclobber(path).map(drop).map_err(|failed| failed.error)
}

/// Gives a file another name in the same directory. Whatever has the name is replaced.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let until = Instant::now() + REFUSED_WITHIN;
    loop {
        match fs::rename(from, to) {
            Err(error) if is_refused(&error) && Instant::now() < until => thread::sleep(AGAIN),
            done => return done,
        }
    }
}

/// Gives a program a further name, which nothing may have: a hard link, and on another disk a copy.
pub fn add_name(program: &Path, path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::hard_link(program, path).or_else(|_| fs::copy(program, path).map(drop))
}

/// Whether this is a name of that program, or a copy of it.
pub fn is_name_of(program: &Path, path: &Path) -> bool {
    let id = |path| FileFacts::of_target(path).ok().map(|found| found.id());
    let is_copy = || fs::read(path).ok().is_some_and(|bytes| fs::read(program).is_ok_and(|own| own == bytes));
    id(path).is_some_and(|found| Some(found) == id(program)) || is_copy()
}

fn is_refused(error: &io::Error) -> bool {
    let refusals = [ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION];
    error.raw_os_error().is_some_and(|number| refusals.contains(&(number as u32)))
}
