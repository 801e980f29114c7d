use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::super::common::Look;
use super::user::UserId;

/// What is known of the process with this number.
pub fn look(pid: u32) -> Look {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else {
        return if Path::new("/proc/self/status").exists() { Look::Absent } else { Look::Unsaid };
    };
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
    let user = field("Uid:").split_whitespace().next().and_then(|number| number.parse().ok()).map(UserId::from_raw);
    Look::Found { program: field("Name:").to_owned(), user }
}

/// When the process with this number was started, in the system's own count: field 22 of proc_pid_stat(5).
pub fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.split(' ').nth(19)?.parse().ok()
}

/// The name of its program, perhaps cut.
#[cfg(target_os = "linux")]
pub(super) fn program(pid: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end().to_owned()).filter(|name| !name.is_empty())
}

/// Whether there is a process with this number that this one may send signals to.
pub fn is_there(pid: u32) -> bool {
    number(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

/// Tells a process to look around, which it does by [`Nudges`](super::signals::Nudges).
pub fn nudge(pid: u32) {
    send(pid, &[Signal::HUP]);
}

/// Asks a process to end in its own way; one that was stopped hears of it as it goes on.
pub fn ask_to_end(pid: u32) {
    send(pid, &[Signal::TERM, Signal::CONT]);
}

/// Ends a process, which is not asked.
pub fn kill(pid: u32) {
    send(pid, &[Signal::KILL]);
}

/// Puts the command in this process' place, signals and exit code included. Returns only if that failed.
pub fn become_command(command: &mut Command) -> std::io::Error {
    command.exec()
}

/// The exit code as a shell says it: for whom a signal ended, 128 and its number.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

fn send(pid: u32, signals: &[Signal]) {
    let Some(pid) = number(pid) else { return };
    for signal in signals {
        // One that has gone needs none.
        let _ = kill_process(pid, *signal);
    }
}

/// Zero would be a group of processes.
fn number(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}
