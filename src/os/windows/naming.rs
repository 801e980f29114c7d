use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::NamedTempFile;
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION};

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

fn is_refused(error: &io::Error) -> bool {
    let refusals = [ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION];
    error.raw_os_error().is_some_and(|number| refusals.contains(&(number as u32)))
}
