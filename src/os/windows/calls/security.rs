//! Who somebody is, and what an access list allows.
#![allow(unsafe_code)]

use std::io;
use std::mem::size_of;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1, SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, GetAce, GetLengthSid, GetTokenInformation,
    INHERIT_ONLY_ACE, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES,
    SetKernelObjectSecurity, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::{done, no_error, wide};
use crate::os::windows::sid::{MAX_LENGTH, Sid};

/// The types of entries of an access list (winnt.h) that allow something, in the layout of [`ACCESS_ALLOWED_ACE`], and
/// those that deny something. Of any other nobody knows here whom it lets in.
const ALLOWS: u8 = 0;
const DENIES: [u8; 4] = [1, 6, 10, 12];

/// An owner and an access list, for something that is made.
pub(in crate::os::windows) struct Descriptor(PSECURITY_DESCRIPTOR);

/// Whose something is, and what its access list allows.
pub(in crate::os::windows) struct Access {
    pub(in crate::os::windows) owner: Sid,
    /// Each user or group with the rights that an entry gives them; `None` stands for everybody.
    pub(in crate::os::windows) allowed: Vec<(Option<Sid>, u32)>,
}

impl Descriptor {
    /// Reads the security descriptor definition language.
    pub(in crate::os::windows) fn parse(text: &str) -> io::Result<Descriptor> {
        let (text, mut made) = (wide(text), null_mut());
        // SAFETY: the text ends with a NUL, and what is made belongs to the caller until `LocalFree`.
        done(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(text.as_ptr(), SDDL_REVISION_1, &mut made, null_mut())
        })?;
        Ok(Descriptor(made))
    }

    /// For a call that makes something, which no program inherits that is started.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }

    /// Makes this the access list of the own process.
    pub(in crate::os::windows) fn guard_process(&self) -> io::Result<()> {
        // SAFETY: the descriptor lives as long as `self`, and the handle of one's own process is always valid.
        done(unsafe { SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, self.0) })
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: it was made for us by the call in `parse`, which wants it freed so.
        unsafe { LocalFree(self.0) };
    }
}

/// Whose rights this process has.
pub(in crate::os::windows) fn own_user() -> io::Result<Sid> {
    // SAFETY: the pseudo handle is valid for as long as the process lives.
    user_of(unsafe { GetCurrentProcess() })
}

/// Whose rights that process has.
pub(in crate::os::windows) fn process_user(process: &OwnedHandle) -> io::Result<Sid> {
    user_of(process.as_raw_handle())
}

fn user_of(process: HANDLE) -> io::Result<Sid> {
    let mut token = null_mut();
    // SAFETY: `process` is an open handle, and `token` is a place for one.
    done(unsafe { OpenProcessToken(process, TOKEN_QUERY, &mut token) })?;
    // SAFETY: the call just opened it for us.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // Words, so that it is laid out as the structure in it has to be.
    let mut room = [0_u64; (size_of::<TOKEN_USER>() + MAX_LENGTH).div_ceil(8)];
    let mut length = 0;
    let size = size_of_val(&room) as u32;
    // SAFETY: there is as much room as is said.
    done(unsafe {
        GetTokenInformation(token.as_raw_handle(), TokenUser, room.as_mut_ptr().cast(), size, &mut length)
    })?;
    // SAFETY: the call put this structure there, and what it points to lies behind it in `room`.
    let sid = unsafe { (*room.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    sid_at(sid)
}

/// Whose a file or directory is and whom it lets do what. The handle has to be open for reading that.
pub(in crate::os::windows) fn access_of(file: &impl AsHandle) -> io::Result<Access> {
    let (mut owner, mut list, mut descriptor): (PSID, *mut ACL, PSECURITY_DESCRIPTOR) =
        (null_mut(), null_mut(), null_mut());
    let asked = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let handle = file.as_handle().as_raw_handle();
    // SAFETY: the handle is open, and the pointers are places for what the call makes.
    no_error(unsafe {
        GetSecurityInfo(handle, SE_FILE_OBJECT, asked, &mut owner, null_mut(), &mut list, null_mut(), &mut descriptor)
    })?;
    // Freed at the end; owner and list lie in it.
    let _descriptor = Descriptor(descriptor);
    let owner = sid_at(owner)?;
    if list.is_null() {
        return Ok(Access { owner, allowed: vec![(None, u32::MAX)] });
    }
    // SAFETY: the call gave a list, which is as it should be.
    let count = unsafe { (*list).AceCount };
    let allowed = (0..u32::from(count)).map(|nth| entry(list, nth)).collect::<io::Result<Vec<_>>>()?;
    Ok(Access { owner, allowed: allowed.into_iter().flatten().collect() })
}

/// Whom this entry of a list allows what; nothing if it forbids, or says something of what will be made in a directory.
fn entry(list: *const ACL, nth: u32) -> io::Result<Option<(Option<Sid>, u32)>> {
    let mut entry = null_mut();
    // SAFETY: the list is one of the system's, and the number is below its count.
    done(unsafe { GetAce(list, nth, &mut entry) })?;
    // SAFETY: every entry begins with a header.
    let header = unsafe { *entry.cast::<ACE_HEADER>() };
    if u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 || DENIES.contains(&header.AceType) {
        return Ok(None);
    }
    if header.AceType != ALLOWS {
        return Ok(Some((None, u32::MAX)));
    }
    let allowed = entry.cast::<ACCESS_ALLOWED_ACE>();
    // SAFETY: the type says that it is this structure, at whose end the user's identifier begins.
    let (mask, sid) = unsafe { ((*allowed).Mask, (&raw const (*allowed).SidStart).cast_mut().cast()) };
    Ok(Some((Some(sid_at(sid)?), mask)))
}

/// Copies an identifier that the system has put somewhere.
fn sid_at(sid: PSID) -> io::Result<Sid> {
    if sid.cast_const() == null() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // SAFETY: the system says that an identifier stands there, and how long it is.
    let bytes = unsafe { std::slice::from_raw_parts(sid.cast::<u8>(), GetLengthSid(sid) as usize) };
    Sid::of(bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
