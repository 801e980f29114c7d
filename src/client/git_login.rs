use std::fs::{File, OpenOptions};
use std::process::{Command, Stdio};

use super::report::beside;
use crate::wire::Fault;

/// The exit code of a `loom login` that a person ended.
const CANCELLED: i32 = 130;

/// What came of a login that was offered to git's person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Taken,
    /// The person ended it: they want nothing more of this git command.
    Left,
    /// Nobody is there, or it failed: git may know another way.
    None,
}

/// Lets a person log in from inside a git command, if one is there.
///
/// `loom`, which lies beside this program, does the talking, on the terminal itself: git may have redirected everything
/// else. Its standard output would be git's answer, so it gets none.
pub(super) fn offer(fault: &Fault) -> Offer {
    let (Some(server), Some(terminal), Some(loom)) = (fault.arg("server"), person(), beside("loom")) else {
        return Offer::None;
    };
    let mut login = Command::new(loom);
    login.args(["login", "--for-git", "--server", server]);
    if let Some(account) = fault.arg("account") {
        login.arg(format!("--account={account}"));
    }
    login.stdin(Stdio::null()).stdout(Stdio::null()).stderr(terminal);
    match login.status().ok().and_then(|status| status.code()) {
        Some(0) => Offer::Taken,
        Some(CANCELLED) => Offer::Left,
        _ => Offer::None,
    }
}

/// The terminal of the person who waits for git, unless nobody may be asked.
fn person() -> Option<File> {
    let forbidden = std::env::var_os("CI").is_some()
        || std::env::var("GIT_TERMINAL_PROMPT").is_ok_and(|value| value.is_empty() || is_no(&value));
    if forbidden {
        return None;
    }
    let terminal = OpenOptions::new().write(true).open("/dev/tty").ok()?;
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
