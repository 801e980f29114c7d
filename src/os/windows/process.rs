use std::process::{Command, ExitStatus};

use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;
use windows_sys::Win32::System::Threading::{
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE,
};

use super::super::common::Look;
use super::calls::events::Event;
use super::calls::processes::{self, open};
use super::calls::{console, security};
use super::user::UserId;

/// What is known of the process with this number.
pub fn look(pid: u32) -> Look {
    let process = match open(pid, PROCESS_QUERY_LIMITED_INFORMATION) {
        Ok(process) => process,
        Err(error) if error.raw_os_error() == Some(ERROR_INVALID_PARAMETER as i32) => return Look::Absent,
        Err(_) => return Look::Unsaid,
    };
    let program = processes::program(&process).ok();
    let name = program.as_deref().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy();
    let user = security::process_user(&process).ok().map(UserId::of);
    Look::Found { program: name.into_owned(), user }
}

/// When the process with this number was started, in the system's own count.
pub fn started(pid: u32) -> Option<u64> {
    processes::started(&open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?).ok()
}

/// Whether there is a process with this number that this one may ask for something.
pub fn is_there(pid: u32) -> bool {
    open(pid, PROCESS_SYNCHRONIZE).is_ok_and(|process| processes::lives(&process))
}

/// Tells a process to look around, which it does by [`Nudges`](super::signals::Nudges).
pub fn nudge(pid: u32) {
    set(&Told::Nudge.event(pid));
}

/// Asks a process to end in its own way.
pub fn ask_to_end(pid: u32) {
    set(&Told::End.event(pid));
}

/// Ends a process, which is not asked.
pub fn kill(pid: u32) {
    // One that has gone needs none.
    let _ = open(pid, PROCESS_TERMINATE).and_then(|process| processes::end(&process, 1));
}

/// Runs the command, waits for it, and ends with its exit code. Returns only if it could not be started.
pub fn become_command(command: &mut Command) -> std::io::Error {
    match command.spawn() {
        Ok(mut child) => {
            // It is the command's to say what Ctrl+C does.
            let _ = console::outlive_interrupts();
            let code = child.wait().ok().and_then(|status| status.code());
            std::process::exit(code.unwrap_or(1))
        }
        Err(error) => error,
    }
}

/// The exit code, where it is one that a shell can say.
pub fn exit_code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// What a process is told by an event of its number's name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    Nudge,
    End,
    Lock,
}

impl Told {
    pub(super) fn event(self, pid: u32) -> String {
        let what = match self {
            Told::Nudge => "nudge",
            Told::End => "end",
            Told::Lock => "lock",
        };
        // Those of one session of a user do not meet those of another.
        format!("Local\\{what}-{pid}")
    }
}

fn set(event: &str) {
    // One that has gone needs none.
    let _ = Event::open(event).and_then(|event| event.set());
}
