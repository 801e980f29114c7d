use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::file::FileFacts;
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

/// Gives a program a further name, which nothing may have: a link, by the shortest way where both lie in one directory.
pub fn add_name(program: &Path, path: &Path) -> io::Result<()> {
    let beside = program.file_name().filter(|_| program.parent() == path.parent());
    std::os::unix::fs::symlink(beside.map_or(program, Path::new), path)
}

/// Whether this is a name of that program, whatever lies between.
pub fn is_name_of(program: &Path, path: &Path) -> bool {
    let id = |path| FileFacts::of_target(path).ok().map(|found| found.id());
    id(path).is_some_and(|found| Some(found) == id(program))
}

fn dir_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}
