//! The user's launchd, as far as it starts something at login: property lists in `~/Library/LaunchAgents`.

use std::path::{Path, PathBuf};

use super::super::common::{AtLogin, AtLoginError};
use super::manager_program::run;
use super::user::UserId;

/// Where a user's own agents are.
pub(super) fn dir() -> Option<PathBuf> {
    Some(dirs::home_dir()?.join("Library/LaunchAgents"))
}

/// The one property list.
pub(super) fn files(entry: &AtLogin<'_>, dir: &Path) -> Vec<(PathBuf, String)> {
    let text = entry.filled(entry.property_list, &escaped(entry.program), &escaped(entry.socket));
    vec![(dir.join(format!("{}.plist", entry.name)), format!("{}\n<!-- {} -->\n", text.trim_end(), entry.mark))]
}

/// Loads it, where it is to count now; at the next login launchd does so itself. One that is loaded is loaded anew.
pub(super) fn load(entry: &AtLogin<'_>, files: &[(PathBuf, String)], now: bool) -> Result<(), AtLoginError> {
    let Some((path, _)) = files.first().filter(|_| now) else { return Ok(()) };
    let _ = unload(entry);
    run("launchctl", &["bootstrap", &domain(), &path.to_string_lossy()])
}

/// Ends it and takes it out; one that is not loaded is as it should be.
pub(super) fn unload(entry: &AtLogin<'_>) -> Result<(), AtLoginError> {
    let target = format!("{}/{}", domain(), entry.name);
    match run("launchctl", &["print", &target]) {
        Ok(()) => run("launchctl", &["bootout", &target]),
        Err(_) => Ok(()),
    }
}

/// Nothing leads to it.
pub(super) fn links(_: &Path, _: &str) -> Vec<PathBuf> {
    Vec::new()
}

/// Nothing is kept of it.
pub(super) fn forget() {}

/// The user's session, launchctl(1).
fn domain() -> String {
    format!("gui/{}", UserId::own().name())
}

/// As text of XML.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
