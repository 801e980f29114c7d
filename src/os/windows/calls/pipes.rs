//! Named pipes, from the side of who connects, and what the system says of their ends.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_PIPE_NOT_CONNECTED, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE,
    WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_OVERLAPPED, OPEN_EXISTING, ReadFile, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT,
    WriteFile,
};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::{
    DisconnectNamedPipe, GetNamedPipeClientProcessId, GetNamedPipeServerProcessId, PeekNamedPipe, WaitNamedPipeW,
};
use windows_sys::Win32::System::Threading::{CreateEventW, INFINITE, WaitForSingleObject};

use super::{done, wide};

/// The end of a pipe of who connected to it. Reading and writing can be given up, so nobody waits for ever.
#[derive(Debug)]
pub(in crate::os::windows) struct Pipe {
    pipe: OwnedHandle,
    /// Set by the system when reading or writing is over; there is only one of both at a time.
    over: OwnedHandle,
}

impl Pipe {
    /// Connects. Who listens learns who this is, and cannot act in this user's name.
    pub(in crate::os::windows) fn connect(path: &Path) -> io::Result<Pipe> {
        let flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
        let (path, access) = (wide(path), GENERIC_READ | GENERIC_WRITE);
        // SAFETY: the path ends with a NUL.
        let pipe = unsafe { CreateFileW(path.as_ptr(), access, 0, null(), OPEN_EXISTING, flags, null_mut()) };
        if pipe == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call just opened it for us.
        Pipe::of(unsafe { OwnedHandle::from_raw_handle(pipe) })
    }

    /// The same end once more, to read while something is written.
    pub(in crate::os::windows) fn again(&self) -> io::Result<Pipe> {
        Pipe::of(self.pipe.try_clone()?)
    }

    /// Gives up what is being read or written, on whichever thread.
    pub(in crate::os::windows) fn give_up(&self) {
        // SAFETY: the handle is open, and nothing that is under way is named.
        unsafe { CancelIoEx(self.pipe.as_raw_handle(), null()) };
    }

    fn of(pipe: OwnedHandle) -> io::Result<Pipe> {
        // SAFETY: nothing is pointed to.
        let over = unsafe { CreateEventW(null(), 1, 0, null()) };
        if over.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call just made it for us.
        Ok(Pipe { pipe, over: unsafe { OwnedHandle::from_raw_handle(over) } })
    }

    /// Reads, and waits for so long; 0 at the end.
    pub(in crate::os::windows) fn read(&self, bytes: &mut [u8], within: Option<Duration>) -> io::Result<usize> {
        let read = self.run(within, |place| {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            // SAFETY: there is as much room as is said, and `run` does not return before the call is over.
            unsafe { ReadFile(self.pipe.as_raw_handle(), bytes.as_mut_ptr(), length, null_mut(), place) }
        });
        match read {
            Err(error) if is_end(&error) => Ok(0),
            read => read,
        }
    }

    /// Writes, and waits for so long until it was taken.
    pub(in crate::os::windows) fn write(&self, bytes: &[u8], within: Option<Duration>) -> io::Result<usize> {
        self.run(within, |place| {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            // SAFETY: there are as many bytes as is said, and `run` does not return before the call is over.
            unsafe { WriteFile(self.pipe.as_raw_handle(), bytes.as_ptr(), length, null_mut(), place) }
        })
    }

    /// The number of the process that listens.
    pub(in crate::os::windows) fn server(&self) -> io::Result<u32> {
        let mut pid = 0;
        // SAFETY: the handle is open, and there is room for the number.
        done(unsafe { GetNamedPipeServerProcessId(self.pipe.as_raw_handle(), &mut pid) })?;
        Ok(pid)
    }

    /// Begins something and returns when it is over, or given up: the system has `place` and the bytes no longer than
    /// this takes.
    fn run(&self, within: Option<Duration>, begin: impl FnOnce(*mut OVERLAPPED) -> i32) -> io::Result<usize> {
        let mut place = OVERLAPPED { hEvent: self.over.as_raw_handle(), ..OVERLAPPED::default() };
        let (pipe, mut count) = (self.pipe.as_raw_handle(), 0);
        match done(begin(&mut place)) {
            Err(error) if error.raw_os_error() != Some(ERROR_IO_PENDING as i32) => return Err(error),
            _ => {}
        }
        let time = within.map_or(INFINITE, |time| u32::try_from(time.as_millis()).unwrap_or(INFINITE - 1));
        // SAFETY: the event is open.
        let waited = unsafe { WaitForSingleObject(place.hEvent, time) };
        if waited != WAIT_OBJECT_0 {
            // SAFETY: it was begun with this place. One that is over meanwhile is not given up, and counts below.
            unsafe { CancelIoEx(pipe, &place) };
        }
        // SAFETY: it waits until the system has let go of the place.
        match done(unsafe { GetOverlappedResult(pipe, &place, &mut count, 1) }) {
            Ok(()) => Ok(count as usize),
            Err(_) if waited == WAIT_TIMEOUT => Err(io::ErrorKind::TimedOut.into()),
            Err(error) => Err(error),
        }
    }
}

/// Waits until somebody listens there who takes one in; an error if nobody does, or not in time.
pub(in crate::os::windows) fn wait(path: &Path, within: Duration) -> io::Result<()> {
    // Zero would be a time of the listener's own.
    let time = u32::try_from(within.as_millis()).unwrap_or(u32::MAX - 1).max(1);
    // SAFETY: the path ends with a NUL.
    done(unsafe { WaitNamedPipeW(wide(path).as_ptr(), time) })
}

/// The number of the process that connected.
pub(in crate::os::windows) fn client(pipe: &impl AsHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is open, and there is room for the number.
    done(unsafe { GetNamedPipeClientProcessId(pipe.as_handle().as_raw_handle(), &mut pid) })?;
    Ok(pid)
}

/// Ends the connection, for both sides.
pub(in crate::os::windows) fn disconnect(pipe: &impl AsHandle) {
    // SAFETY: the handle is open.
    unsafe { DisconnectNamedPipe(pipe.as_handle().as_raw_handle()) };
}

/// Whether the other side has closed the connection.
pub(in crate::os::windows) fn has_ended(pipe: &impl AsHandle) -> bool {
    let handle = pipe.as_handle().as_raw_handle();
    // SAFETY: the handle is open; nothing is read, so nothing needs room.
    let looked = done(unsafe { PeekNamedPipe(handle, null_mut(), 0, null_mut(), null_mut(), null_mut()) });
    looked.is_err_and(|error| is_end(&error))
}

fn is_end(error: &io::Error) -> bool {
    let ends = [ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED];
    error.raw_os_error().is_some_and(|number| ends.contains(&(number as u32)))
}
