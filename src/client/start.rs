//! The front-end that starts an agent.
//!
//! It passes on where things are (`HOME`, `XDG_*`, `LOOM_*`, the session bus) and nothing else: neither what git or a
//! build put into the environment nor `LOOM_TOKEN`.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::report::beside;
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{Locale, Message, Paths, socket_variable};
use crate::msg;
use crate::os::{background, session};
use crate::wire::{Fault, reason};

/// The longest wait for another front-end that is starting the agent.
const STARTED_WITHIN: Duration = Duration::from_secs(10);

/// How often it is seen whether it has done so.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// How often the agent is started for one question: the one that was there may have gone just after it was found.
const STARTS: usize = 3;

/// Starts the agent and connects to it. Of many front-ends at once one starts it; the others wait until it listens.
pub(super) fn agent(paths: &Paths, locale: Locale) -> Result<Connection, Fault> {
    refuse_directories_of_another(paths)?;
    let unsafe_file = |error: PrivateFileError| Fault::from(reason::Below::Place(error.message())).hint(hint(&error));
    // Where the socket lies in a directory, it is the same.
    paths.start_lock().parent().map_or(Ok(()), private_file::private_dir).map_err(unsafe_file)?;
    let until = Instant::now() + STARTED_WITHIN;
    let _only_one = loop {
        if let Some(lock) = private_file::try_lock(&paths.start_lock()).map_err(unsafe_file)? {
            break lock;
        }
        if let Some(connection) = Connection::open(paths.socket())? {
            return Ok(connection);
        }
        if Instant::now() >= until {
            // It says who holds it.
            break private_file::lock_within(&paths.start_lock(), Duration::ZERO)
                .map_err(|error| reason::Below::Place(error.message()))?;
        }
        std::thread::sleep(LOOK_EVERY);
    };
    for _ in 0..STARTS {
        if let Some(connection) = Connection::open(paths.socket())? {
            return Ok(connection);
        }
        launch(paths, locale)?;
    }
    let unreached = || reason::Agent::Unreached { path: paths.socket().to_owned() }.into();
    Connection::open(paths.socket())?.ok_or_else(unreached)
}

/// Fails if one of the directories is another user's: to make, start or change anything there would lock that user out.
pub fn refuse_directories_of_another(paths: &Paths) -> Result<(), Fault> {
    let Some(dir) = paths.of_another() else { return Ok(()) };
    Err(reason::Agent::DirectoryOfAnother { path: dir.to_owned() }.into())
}

/// Where the agent's program lies that this installation would start; `None` where it is to be found by its name only.
pub fn agent_program() -> Option<PathBuf> {
    beside(NAME)
}

/// What to do about a directory or a file beside the socket; it names the variable that decides where that is.
fn hint(error: &PrivateFileError) -> Message {
    match error {
        PrivateFileError::Unsafe { .. } => msg!("hint-socket-unsafe", variable = socket_variable()),
        PrivateFileError::TooLarge { .. } | PrivateFileError::Held { .. } | PrivateFileError::Io { .. } => {
            msg!("hint-socket-place")
        }
    }
}

/// Returns once an agent listens in the background, or says why it cannot.
fn launch(paths: &Paths, locale: Locale) -> Result<(), Fault> {
    // Of the same installation; only without one does PATH decide.
    let program = agent_program().unwrap_or_else(|| NAME.into());
    let outcome = background::prepare(&mut Command::new(&program))
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| is_inherited(name, paths)))
        .env("LOOM_LANGUAGE", locale.tag())
        // Found out once: the agent listens where this program looks.
        .env("LOOM_AGENT_SOCK", paths.socket())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| {
            let error = format!("{}: {error}", program.display());
            reason::Agent::NotFound { error, program: program.clone() }
        })?;
    if outcome.status.success() {
        return Ok(());
    }
    // Marks of direction around the whole sentence are of no use inside ours.
    let said = String::from_utf8_lossy(&outcome.stderr).replace(|c| matches!(c, '\u{2066}'..='\u{2069}'), "");
    let line = |mark: &str| said.lines().find_map(|line| line.strip_prefix(mark)).map(str::to_owned);
    // A program that dies says nothing itself.
    let error = line("loom-agent: ").unwrap_or_else(|| outcome.status.to_string());
    let fault = Fault::from(reason::Agent::NotStarted { error });
    Err(match line("hint: ") {
        Some(hint) => fault.hint(msg!("said", text = hint)),
        None => fault,
    })
}

const NAME: &str = "loom-agent";

/// What the agent gets of the environment of whoever happened to start it: where things are, not what git or a build
/// put there, and no issued token. How servers are reached comes with each request, unless nobody here may say so.
fn is_inherited(name: &OsStr, paths: &Paths) -> bool {
    let Some(name) = name.to_str() else { return false };
    match name {
        "LOOM_TOKEN" => false,
        "RUST_BACKTRACE" => true,
        "SSL_CERT_FILE" | "SSL_CERT_DIR" => paths.is_socket_named(),
        _ if name.to_ascii_lowercase().ends_with("_proxy") => paths.is_socket_named(),
        _ => name.starts_with("LOOM_") || session::is_variable(name),
    }
}
