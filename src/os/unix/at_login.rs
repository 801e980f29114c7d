//! What the system starts when its user logs in, and the files that say so. One that was written by somebody else
//! stays as it is; where a service manager refuses, what was written for it goes again. It goes too where there is none
//! to be told, as over `su` or in a container: the way back does not depend on one.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::common::{AtLogin, AtLoginError, NoMoreAtLogin};
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
    let new: Vec<_> = files.iter().filter(|(path, _)| !path.exists()).cloned().collect();
    let written = std::fs::create_dir_all(&dir).and_then(|()| {
        files.iter().filter(|(path, text)| !is_so(path, text)).try_for_each(|(path, text)| write(&dir, path, text))
    });
    let failed = |error| AtLoginError::Io { place: dir.clone(), error };
    written.map_err(failed).and_then(|()| manager::load(entry, &files, now)).inspect_err(|_| {
        let _ = take_out(&new);
    })?;
    Ok(files.into_iter().next().map_or(dir, |(path, _)| path))
}

/// Has it started no more; what the service manager had started ends, if it can be told. `None` if nothing of ours was
/// there.
pub fn remove(entry: &AtLogin<'_>) -> Result<Option<NoMoreAtLogin>, AtLoginError> {
    let dir = manager::dir().ok_or(AtLoginError::NoHome)?;
    let files = manager::files(entry, &dir);
    let ours: Vec<_> = files.into_iter().filter(|(path, _)| path.exists()).collect();
    if let Some((path, _)) = ours.iter().find(|(path, _)| is_of_others(path, entry.mark)) {
        return Err(AtLoginError::NotOurs(path.clone()));
    }
    let Some((place, _)) = ours.first().cloned() else { return Ok(None) };
    let untold = manager::unload(entry).err();
    take_out(&ours)?;
    Ok(Some(NoMoreAtLogin { place, untold }))
}

/// Takes out files, and first what leads to them: a link to nothing would have the manager look for it at each login.
fn take_out(files: &[(PathBuf, String)]) -> Result<(), AtLoginError> {
    for (path, text) in files {
        for place in manager::links(path, text).into_iter().chain([path.clone()]) {
            match std::fs::remove_file(&place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(AtLoginError::Io { place, error }),
                Ok(()) | Err(_) => {}
            }
        }
    }
    manager::forget();
    Ok(())
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
