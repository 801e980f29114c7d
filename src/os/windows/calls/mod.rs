//! The calls of Windows that neither `std` nor a crate has behind a safe function: the one place of loom with code that
//! the compiler cannot check. Each function takes and gives safe types only, checks what the call says of its success,
//! and keeps no pointer.

pub(super) mod console;
pub(super) mod events;
pub(super) mod files;
pub(super) mod pipes;
pub(super) mod processes;
pub(super) mod registry;
pub(super) mod security;

use std::io;
use std::os::windows::ffi::OsStrExt;

/// The text as Windows takes it: in UTF-16, with a NUL at its end.
fn wide(text: impl AsRef<std::ffi::OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// What a call that says no more than "done" did.
fn done(said: i32) -> io::Result<()> {
    if said == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What a call that says an error's number did.
fn no_error(number: u32) -> io::Result<()> {
    if number == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(number as i32)) }
}
