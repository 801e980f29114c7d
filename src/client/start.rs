use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::ask::unavailable;
use super::connection::Connection;
use super::report::beside;
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{Locale, Paths};
use crate::msg;
use crate::wire::Fault;

/// Starts the agent and connects to it. Two front-ends at once start one: the second waits and finds it running.
pub(super) fn agent(paths: &Paths, locale: Locale) -> Result<Connection, Fault> {
    let unsafe_file = |error: PrivateFileError| unavailable(error.message()).hint(msg!("hint-socket-unsafe"));
    private_file::private_dir(paths.socket().parent().unwrap_or(Path::new("/"))).map_err(unsafe_file)?;
    let _only_one = private_file::lock(&paths.start_lock()).map_err(unsafe_file)?;
    if let Some(connection) = Connection::open(paths.socket())? {
        return Ok(connection);
    }
    // Of the same installation; only without one does PATH decide.
    let program = beside(NAME).unwrap_or_else(|| NAME.into());
    let not_started = |error: &dyn std::fmt::Display| unavailable(msg!("agent-not-started", error = error));
    // Without --foreground the agent returns once it listens in the background, or says why it cannot.
    let outcome = Command::new(&program)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| is_inherited(name)))
        .env("LOOM_LANGUAGE", locale.tag())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| {
            not_started(&format_args!("{}: {error}", program.display())).hint(msg!("hint-agent-beside"))
        })?;
    if !outcome.status.success() {
        // Marks of direction around the whole sentence are of no use inside ours.
        let said = String::from_utf8_lossy(&outcome.stderr).replace(|c| matches!(c, '\u{2066}'..='\u{2069}'), "");
        return Err(not_started(&said.lines().next().unwrap_or_default().trim_start_matches("loom-agent: ")));
    }
    Connection::open(paths.socket())?.ok_or_else(|| not_started(&"exit 0"))
}

const NAME: &str = "loom-agent";

/// What the agent gets of the environment of whoever happened to start it: where things are, not what git or a
/// build put there, and no issued token.
fn is_inherited(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    match name {
        "LOOM_TOKEN" => false,
        "HOME" | "USER" | "LOGNAME" | "PATH" | "TMPDIR" | "TZ" | "LANG" | "LANGUAGE" => true,
        "DBUS_SESSION_BUS_ADDRESS" | "DISPLAY" | "WAYLAND_DISPLAY" | "RUST_BACKTRACE" => true,
        "SSL_CERT_FILE" | "SSL_CERT_DIR" => true,
        _ if name.to_ascii_lowercase().ends_with("_proxy") => true,
        _ => ["LOOM_", "XDG_", "LC_"].iter().any(|prefix| name.starts_with(prefix)),
    }
}
