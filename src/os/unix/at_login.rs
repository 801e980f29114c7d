//! What the system starts when its user logs in, and the files that say so. One that was written by somebody else
//! stays as it is; where a service manager refuses, what was written for it goes again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::common::{AtLogin, AtLoginError};
#[cfg(target_os = "macos")]
use super::launchd as manager;
use super::naming::replace;
#[cfg(not(target_os = "macos"))]
use super::systemd as manager;

/// Has the program started when this user logs in, and now too where that is said. Returns where that is written;
/// what is so already stays so.
pub fn add(entry: &AtLogin<'_>, now: bool) -> Result<PathBuf, AtLoginError> {
    let dir = manager::dir().ok_or(AtLoginError::NoHome)?;
    let files = manager::files(entry, &dir);
    let theirs = files.iter().find(|(path, _)| is_of_others(path, entry.mark));
    if let Some((path, _)) = theirs {
        return Err(AtLoginError::NotOurs(path.clone()));
    }
    let new: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).filter(|path| !path.exists()).collect();
    let written = std::fs::create_dir_all(&dir).and_then(|()| {
        files.iter().filter(|(path, text)| !is_so(path, text)).try_for_each(|(path, text)| write(&dir, path, text))
    });
    let failed = |error| AtLoginError::Io { place: dir.clone(), error };
    written.map_err(failed).and_then(|()| manager::load(entry, &files, now)).inspect_err(|_| {
        for path in &new {
            let _ = std::fs::remove_file(path);
        }
    })?;
    Ok(files.into_iter().next().map_or(dir, |(path, _)| path))
}

/// Has it started no more; what the service manager had started ends. `None` if nothing of ours was there.
pub fn remove(entry: &AtLogin<'_>) -> Result<Option<PathBuf>, AtLoginError> {
    let dir = manager::dir().ok_or(AtLoginError::NoHome)?;
    let files = manager::files(entry, &dir);
    let ours: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).filter(|path| path.exists()).collect();
    if let Some(path) = ours.iter().find(|path| is_of_others(path, entry.mark)) {
        return Err(AtLoginError::NotOurs(path.clone()));
    }
    let Some(first) = ours.first().cloned() else { return Ok(None) };
    manager::unload(entry)?;
    for path in &ours {
        std::fs::remove_file(path).map_err(|error| AtLoginError::Io { place: path.clone(), error })?;
    }
    manager::forget();
    Ok(Some(first))
}

fn is_so(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|found| found == text)
}

/// Whether something lies there that does not have our mark. A link is whoever's who made it.
fn is_of_others(path: &Path, mark: &str) -> bool {
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => !std::fs::read_to_string(path).is_ok_and(|text| text.contains(mark)),
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn write(dir: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    replace(file, path)
}
