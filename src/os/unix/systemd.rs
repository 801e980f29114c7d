//! The user's systemd, as far as it starts something at login: units in the directory of the user's own.

use std::path::{Path, PathBuf};

use super::super::common::{AtLogin, AtLoginError};
use super::manager_program::run;

/// Where a user's own units are.
pub(super) fn dir() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("systemd/user"))
}

/// The units, the one that is enabled first, which has those for it that are named after it.
pub(super) fn files(entry: &AtLogin<'_>, dir: &Path) -> Vec<(PathBuf, String)> {
    let (program, socket) = (quoted(entry.program), entry.socket.to_string_lossy().replace('%', "%%"));
    let text = |text: &str| format!("{}\n# {}\n", entry.filled(text, &program, &socket).trim_end(), entry.mark);
    entry.units.iter().map(|(name, unit)| (dir.join(name), text(unit))).collect()
}

/// Enables the first unit.
pub(super) fn load(_: &AtLogin<'_>, files: &[(PathBuf, String)], now: bool) -> Result<(), AtLoginError> {
    let unit = files.first().and_then(|(path, _)| path.file_name()).unwrap_or_default().to_string_lossy();
    systemctl(&["daemon-reload"])?;
    if now { systemctl(&["enable", "--now", &unit]) } else { systemctl(&["enable", &unit]) }
}

/// Ends the units and disables them.
pub(super) fn unload(entry: &AtLogin<'_>) -> Result<(), AtLoginError> {
    let mut arguments = vec!["disable", "--now"];
    arguments.extend(entry.units.iter().map(|(name, _)| *name));
    systemctl(&arguments)
}

/// What enabling this unit made, as far as it leads to this one, systemctl(1).
pub(super) fn links(unit: &Path, text: &str) -> Vec<PathBuf> {
    let wanted_by = text.lines().filter_map(|line| line.strip_prefix("WantedBy="));
    let link = |by: &str| Some(unit.parent()?.join(format!("{by}.wants")).join(unit.file_name()?));
    let leads_here =
        |link: &PathBuf| link.canonicalize().is_ok_and(|end| unit.canonicalize().is_ok_and(|it| it == end));
    wanted_by.filter_map(link).filter(leads_here).collect()
}

/// The units are gone.
pub(super) fn forget() {
    // Without it systemd finds that out itself, later.
    let _ = systemctl(&["daemon-reload"]);
}

fn systemctl(arguments: &[&str]) -> Result<(), AtLoginError> {
    run("systemctl", &[&["--user"], arguments].concat())
}

/// As the program of a command line, systemd.service(5): what has a meaning there or in a unit is taken for itself.
fn quoted(program: &Path) -> String {
    let text = program.to_string_lossy().replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('%', "%%").replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_quoted_as_systemd_reads_it() {
        assert_eq!(quoted(Path::new("/usr/bin/x")), "\"/usr/bin/x\"");
        assert_eq!(quoted(Path::new("/home/a b/100%/$x\"y\\")), r#""/home/a b/100%%/$$x\"y\\""#);
    }
}
