//! The calls of macOS that no crate has behind a safe function.
#![allow(unsafe_code, reason = "C's calls, whose arguments are made here and whose answers are checked here")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::ptr::{null, null_mut};

/// No debugger attaches from now on (sys/ptrace.h).
const PT_DENY_ATTACH: c_int = 31;

/// What says that launchd has no socket for this process: it did not start it, or knows of none (errno.h).
const NONE_GIVEN: [c_int; 2] = [ESRCH, ENOENT];
const ENOENT: c_int = 2;
const ESRCH: c_int = 3;

unsafe extern "C" {
    fn ptrace(request: c_int, process: c_int, address: *mut c_char, data: c_int) -> c_int;
    fn launch_activate_socket(name: *const c_char, sockets: *mut *mut c_int, count: *mut usize) -> c_int;
    fn free(memory: *mut c_void);
}

/// Nobody attaches to this process to read its memory; one that is attached already ends it.
pub(super) fn deny_attach() -> io::Result<()> {
    // SAFETY: for this request nothing but its number is looked at.
    let said = unsafe { ptrace(PT_DENY_ATTACH, 0, null_mut(), 0) };
    if said == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The listener that launchd has for this process under this name, if it does; launch_activate_socket(3). It gives one
/// away once.
pub(super) fn given_listener(name: &CStr) -> io::Result<Option<UnixListener>> {
    let (mut sockets, mut count) = (null_mut::<c_int>(), 0);
    // SAFETY: the name ends with a NUL, and there is room for where they are and how many.
    let said = unsafe { launch_activate_socket(name.as_ptr(), &mut sockets, &mut count) };
    if NONE_GIVEN.contains(&said) {
        return Ok(None);
    }
    if said != 0 {
        return Err(io::Error::from_raw_os_error(said));
    }
    if sockets.cast_const() == null() {
        return Ok(None);
    }
    // SAFETY: the call says that so many descriptors stand there, which are ours now.
    let given: Vec<OwnedFd> = (0..count).map(|nth| unsafe { OwnedFd::from_raw_fd(*sockets.add(nth)) }).collect();
    // SAFETY: the call allocated it for us, and it is not used any more.
    unsafe { free(sockets.cast()) };
    Ok(given.into_iter().next().map(UnixListener::from))
}
