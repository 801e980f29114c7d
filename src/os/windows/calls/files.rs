//! Files and directories: opening and making them with an owner's access list, and what one look tells.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle};
use std::path::Path;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{ERROR_LOCK_VIOLATION, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CreateDirectoryW, CreateFileW, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    GetDriveTypeW, GetFileInformationByHandle, GetVolumePathNameW, LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY,
    LockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use super::security::Descriptor;
use super::{done, wide};

/// What [`GetDriveTypeW`] says of a disk of this machine, and of one in its memory.
const FIXED: u32 = 3;
const MEMORY: u32 = 6;

/// Where in a file the byte lies that stands for a lock on all of it: no file gets so long, and a lock on its content
/// would keep others from reading it.
const LOCKED: u64 = 1 << 62;

/// Opens or makes a file. What is made gets the descriptor.
pub(in crate::os::windows) fn open(
    path: &Path,
    access: u32,
    disposition: u32,
    flags: u32,
    descriptor: Option<&Descriptor>,
) -> io::Result<File> {
    let (path, attributes) = (wide(path), descriptor.map(Descriptor::attributes));
    let attributes = attributes.as_ref().map_or(null(), |attributes| attributes as *const SECURITY_ATTRIBUTES);
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the path ends with a NUL, and the attributes live until the call is over.
    let file = unsafe { CreateFileW(path.as_ptr(), access, share, attributes, disposition, flags, null_mut()) };
    if file == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call just opened it for us.
    Ok(unsafe { File::from_raw_handle(file) })
}

/// Makes a directory with this descriptor.
pub(in crate::os::windows) fn create_dir(path: &Path, descriptor: &Descriptor) -> io::Result<()> {
    let path = wide(path);
    // SAFETY: the path ends with a NUL, and the attributes live until the call is over.
    done(unsafe { CreateDirectoryW(path.as_ptr(), &descriptor.attributes()) })
}

/// Attributes, times, size, names and number of an open file.
pub(in crate::os::windows) fn information(file: &impl AsHandle) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and there is room for what is found.
    done(unsafe { GetFileInformationByHandle(file.as_handle().as_raw_handle(), &mut found) })?;
    Ok(found)
}

/// Locks a file for this handle alone; `false` if another one has it and nothing is waited for.
pub(in crate::os::windows) fn lock(file: &File, waits: bool) -> io::Result<bool> {
    let mut place = OVERLAPPED::default();
    place.Anonymous.Anonymous.Offset = LOCKED as u32;
    place.Anonymous.Anonymous.OffsetHigh = (LOCKED >> 32) as u32;
    let flags = LOCKFILE_EXCLUSIVE_LOCK | if waits { 0 } else { LOCKFILE_FAIL_IMMEDIATELY };
    // SAFETY: the handle is open and not overlapped, so the call is over when it returns.
    match done(unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &mut place) }) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(ERROR_LOCK_VIOLATION as i32) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the path lies on a disk of this machine.
pub(in crate::os::windows) fn is_local(path: &Path) -> bool {
    let (path, mut volume) = (wide(path), [0_u16; 512]);
    // SAFETY: the path ends with a NUL, and there is as much room as is said.
    let found = unsafe { GetVolumePathNameW(path.as_ptr(), volume.as_mut_ptr(), volume.len() as u32) };
    // SAFETY: what the call wrote ends with a NUL.
    found != 0 && matches!(unsafe { GetDriveTypeW(volume.as_ptr()) }, FIXED | MEMORY)
}
