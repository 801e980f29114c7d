//! The console, and the standard streams.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, IntoRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE, SetHandleInformation};
use windows_sys::Win32::System::Console::{
    FlushConsoleInputBuffer, GetConsoleMode, GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
    SetConsoleCtrlHandler, SetConsoleMode, SetStdHandle,
};

use super::done;

/// How a console takes in what is typed.
pub(in crate::os::windows) fn mode(console: &impl AsHandle) -> io::Result<u32> {
    let mut mode = 0;
    // SAFETY: the handle is open; one that is no console is an error.
    done(unsafe { GetConsoleMode(console.as_handle().as_raw_handle(), &mut mode) })?;
    Ok(mode)
}

/// Sets it.
pub(in crate::os::windows) fn set_mode(console: &impl AsHandle, mode: u32) -> io::Result<()> {
    // SAFETY: the handle is open; one that is no console is an error.
    done(unsafe { SetConsoleMode(console.as_handle().as_raw_handle(), mode) })
}

/// Throws away what was typed and nobody has read.
pub(in crate::os::windows) fn flush_input(console: &impl AsHandle) -> io::Result<()> {
    // SAFETY: the handle is open; one that is no console is an error.
    done(unsafe { FlushConsoleInputBuffer(console.as_handle().as_raw_handle()) })
}

/// Ctrl+C does not end this process from now on. Programs that are started later take that over.
pub(in crate::os::windows) fn outlive_interrupts() -> io::Result<()> {
    // SAFETY: without a function it is only remembered.
    done(unsafe { SetConsoleCtrlHandler(None, 1) })
}

/// No program that this process starts inherits its standard streams, unless it is given them.
pub(in crate::os::windows) fn keep_streams() {
    for which in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        // SAFETY: the call only asks which handle it is, and may say that there is none.
        let stream = unsafe { GetStdHandle(which) };
        if !stream.is_null() && stream != INVALID_HANDLE_VALUE {
            // SAFETY: it is a standard stream of this process; one that was closed is an error.
            unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, 0) };
        }
    }
}

/// Puts this file in the place of standard output and standard error, and closes what they were.
pub(in crate::os::windows) fn replace_output(file: &File) -> io::Result<()> {
    for which in [STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        let own = file.try_clone()?;
        // SAFETY: the call only asks which handle it is.
        let old = unsafe { GetStdHandle(which) };
        // SAFETY: the new one stays open, for it is let go of here.
        done(unsafe { SetStdHandle(which, own.into_raw_handle()) })?;
        if !old.is_null() && old != INVALID_HANDLE_VALUE {
            // SAFETY: nobody finds it as a standard stream any more, and `std` asks anew with each use.
            drop(unsafe { OwnedHandle::from_raw_handle(old) });
        }
    }
    Ok(())
}
