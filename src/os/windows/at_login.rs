//! What Windows starts when its user logs on: the values of the user's Run key. One that starts another program stays
//! as it is.

use std::path::{Path, PathBuf};

use super::super::common::{AtLogin, AtLoginError, NoMoreAtLogin};
use super::calls::registry;

/// The values there are command lines.
const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";

/// Has the program started when this user logs on. Returns where that is written; what is so already stays so.
pub fn add(entry: &AtLogin<'_>, _now: bool) -> Result<PathBuf, AtLoginError> {
    let line = format!("\"{}\"", entry.program.display());
    if ours(entry)?.as_ref() != Some(&line) {
        registry::set_user_text(RUN, entry.name, &line).map_err(failed(entry))?;
    }
    Ok(place(entry))
}

/// Has it started no more. `None` if nothing of ours was there.
pub fn remove(entry: &AtLogin<'_>) -> Result<Option<NoMoreAtLogin>, AtLoginError> {
    if ours(entry)?.is_none() {
        return Ok(None);
    }
    registry::remove_user_text(RUN, entry.name).map_err(failed(entry))?;
    Ok(Some(NoMoreAtLogin { place: place(entry), untold: None }))
}

/// What stands there for a program of this one's name, wherever it lies.
fn ours(entry: &AtLogin<'_>) -> Result<Option<String>, AtLoginError> {
    let Some(line) = registry::user_text(RUN, entry.name).map_err(failed(entry))? else { return Ok(None) };
    let program = Path::new(line.trim().trim_matches('"')).file_name();
    let is_ours = program.zip(entry.program.file_name()).is_some_and(|(found, own)| found.eq_ignore_ascii_case(own));
    if is_ours { Ok(Some(line)) } else { Err(AtLoginError::NotOurs(place(entry))) }
}

fn place(entry: &AtLogin<'_>) -> PathBuf {
    Path::new("HKEY_CURRENT_USER").join(RUN).join(entry.name)
}

fn failed(entry: &AtLogin<'_>) -> impl Fn(std::io::Error) -> AtLoginError {
    let place = place(entry);
    move |error| AtLoginError::Io { place: place.clone(), error }
}
