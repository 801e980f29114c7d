//! A login from inside git.
//!
//! Only where a login would help: at the origin of the default server, of a login that is kept, of a server whose login
//! the settings describe, or at a host that loom knows. A URL that somebody else wrote so brings up a prompt for no
//! host that neither the person nor loom's own list named. Only a person with a terminal is asked, never with `CI`,
//! `GIT_TERMINAL_PROMPT=0` or `credential.interactive=false`. The helper has no texts, so `loom` does the talking, on
//! `/dev/tty`, and gets no standard output, which would be git's answer. Many gits at once are one prompt: the first
//! has the seat in `flights`, the others wait until it is dropped and then ask `get` again. One that ended without a
//! login keeps git from asking for two minutes; `loom login` by name always goes ahead. If a person ends the prompt,
//! git is told to `quit`, so that it does not ask them for a password next; in the two minutes after, it may, because
//! they may want to type one.

use std::fs::File;
use std::process::{Command, Stdio};

use super::report::beside;
use crate::os::terminal;
use crate::wire::{Fault, reason};

/// The exit code of a `loom login` that a person ended.
const CANCELLED: i32 = 130;

/// What came of a step that was offered to git's person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Taken,
    /// The person ended it: they want nothing more of this git command.
    Left,
    /// It failed, and the person was told why: git may know another way.
    Failed,
    /// Nobody is there.
    None,
}

/// Lets a person log in, or unlock the agent, from inside a git command, if one is there.
///
/// `loom`, which lies beside this program, does the talking, on the terminal itself: git may have redirected everything
/// else. Its standard output would be git's answer, so it gets none.
pub(super) fn offer(fault: &Fault) -> Offer {
    let Some(step) = step(fault) else { return Offer::None };
    let (Some(terminal), Some(loom)) = (person(), beside("loom")) else { return Offer::None };
    let mut command = Command::new(loom);
    command.args(step).stdin(Stdio::null()).stdout(Stdio::null()).stderr(terminal);
    match command.status().ok().and_then(|status| status.code()) {
        Some(0) => Offer::Taken,
        Some(CANCELLED) => Offer::Left,
        Some(_) => Offer::Failed,
        None => Offer::None,
    }
}

/// The command that would help, where a person can do something.
fn step(fault: &Fault) -> Option<Vec<String>> {
    if let Some((server, account)) = fault.login() {
        let mut login = vec!["login".to_owned(), "--for-git".to_owned(), "--server".to_owned(), server.to_owned()];
        login.extend(account.map(|account| format!("--account={account}")));
        return Some(login);
    }
    // A locked keyring is not ours to unlock.
    let is_locked = fault.about() == Some(reason::Lock::AgentLocked);
    is_locked.then(|| vec!["unlock".to_owned(), "--for-git".to_owned()])
}

/// The terminal of the person who waits for git, unless nobody may be asked.
fn person() -> Option<File> {
    let forbidden = std::env::var_os("CI").is_some()
        || std::env::var("GIT_TERMINAL_PROMPT").is_ok_and(|value| value.is_empty() || is_no(&value));
    if forbidden {
        return None;
    }
    let terminal = terminal::to_write()?;
    is_interactive().then_some(terminal)
}

/// Git's own setting, which it does not hand on (gitcredentials(7), `credential.interactive`).
fn is_interactive() -> bool {
    let asked = Command::new("git").args(["config", "--get", "credential.interactive"]).stdin(Stdio::null()).output();
    let value = asked.map(|output| output.stdout).unwrap_or_default();
    !is_no(String::from_utf8_lossy(&value).trim())
}

fn is_no(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | "never")
}
