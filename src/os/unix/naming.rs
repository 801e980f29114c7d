use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::private::sync_dir;

/// Gives a file that was written in the same directory this name. Whatever has the name is replaced.
pub fn replace(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    temporary.persist(path).map_err(|failed| failed.error)?;
    sync_dir(dir_of(path))
}

/// Gives a file that was written in the same directory this name, which nothing may have.
pub fn create(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    temporary.persist_noclobber(path).map_err(|failed| failed.error)?;
    sync_dir(dir_of(path))
}

/// Gives a file another name in the same directory. Whatever has the name is replaced; when the change is on the disk,
/// [`sync_dir`] says.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

fn dir_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}
