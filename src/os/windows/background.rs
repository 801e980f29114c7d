//! What a program in the background does not keep of whoever happened to start it. Started by git, it would hold git's
//! own pipe, and git would wait for its end for ever.

use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};

use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};

use super::calls::console;

/// Prepares a program that goes on when this one is gone: it has no console, Ctrl+C does not reach it, it holds no
/// directory and none of this process' streams but those it is given.
pub fn prepare(command: &mut Command) -> &mut Command {
    console::keep_streams();
    let drive = std::env::var("SystemDrive").unwrap_or_else(|_| "C:".to_owned());
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP).current_dir(drive + "\\").stdin(Stdio::null())
}

/// Whoever starts it sees to it by [`prepare`]: what is inherited cannot be listed here.
pub fn close_inherited() {}

/// It has a console and a group of its own from its start.
pub fn leave_session() {}
