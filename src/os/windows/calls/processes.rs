//! Other processes by number, and this one.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;

use windows_sys::Win32::Foundation::{FILETIME, WAIT_TIMEOUT};
use windows_sys::Win32::System::Diagnostics::Debug::{SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SetErrorMode};
use windows_sys::Win32::System::ErrorReporting::{WER_FAULT_REPORTING_FLAG_NOHEAP, WerSetFlags};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32, QueryFullProcessImageNameW, TerminateProcess,
    WaitForSingleObject,
};

use super::{done, no_error};

/// Opens a process for what these rights allow.
pub(in crate::os::windows) fn open(pid: u32, rights: u32) -> io::Result<OwnedHandle> {
    // SAFETY: a number that is no process' is an error.
    let process = unsafe { OpenProcess(rights, 0, pid) };
    if process.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call just opened it for us.
    Ok(unsafe { OwnedHandle::from_raw_handle(process) })
}

/// Where its program lies.
pub(in crate::os::windows) fn program(process: &OwnedHandle) -> io::Result<PathBuf> {
    let mut path = vec![0_u16; 4096];
    let mut length = path.len() as u32;
    // SAFETY: there is as much room as is said.
    done(unsafe {
        QueryFullProcessImageNameW(process.as_raw_handle(), PROCESS_NAME_WIN32, path.as_mut_ptr(), &mut length)
    })?;
    Ok(PathBuf::from(String::from_utf16_lossy(&path[..length as usize])))
}

/// When it was started, in tenths of microseconds since 1601.
pub(in crate::os::windows) fn started(process: &OwnedHandle) -> io::Result<u64> {
    let [mut made, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: each is a place for a time.
    done(unsafe { GetProcessTimes(process.as_raw_handle(), &mut made, &mut ended, &mut kernel, &mut user) })?;
    Ok(u64::from(made.dwHighDateTime) << 32 | u64::from(made.dwLowDateTime))
}

/// Whether it has not ended. It has to be open for waiting.
pub(in crate::os::windows) fn lives(process: &OwnedHandle) -> bool {
    // SAFETY: the handle is open; nothing is waited for.
    unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_TIMEOUT }
}

/// Ends it, which is not asked. It has to be open for that.
pub(in crate::os::windows) fn end(process: &OwnedHandle, code: u32) -> io::Result<()> {
    // SAFETY: the handle is open.
    done(unsafe { TerminateProcess(process.as_raw_handle(), code) })
}

/// Ends this process at once, whatever its threads do.
pub(in crate::os::windows) fn end_this(code: u32) {
    // SAFETY: the pseudo handle of one's own process is always valid.
    unsafe { TerminateProcess(GetCurrentProcess(), code) };
}

/// No window and no report says what was in memory when this process ends by a mistake.
pub(in crate::os::windows) fn report_no_memory() -> io::Result<()> {
    // SAFETY: both take flags only.
    let said = unsafe {
        SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
        WerSetFlags(WER_FAULT_REPORTING_FLAG_NOHEAP)
    };
    no_error(said as u32)
}

/// Milliseconds since the machine was started, the time in which it slept included.
pub(in crate::os::windows) fn since_start() -> u64 {
    // SAFETY: it takes nothing.
    unsafe { GetTickCount64() }
}
