//! Texts of the registry.
#![allow(unsafe_code)]

use std::io;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, REG_SZ, RRF_NOEXPAND, RRF_RT_REG_EXPAND_SZ, RRF_RT_REG_SZ,
    RegDeleteKeyValueW, RegGetValueW, RegSetKeyValueW,
};

use super::{no_error, wide};

/// The longest text that is read, in units of UTF-16.
const LONGEST: usize = 32_768;

/// A text that is the same for all users.
pub(in crate::os::windows) fn machine_text(key: &str, name: &str) -> Option<String> {
    text(HKEY_LOCAL_MACHINE, key, name).ok().flatten()
}

/// A text of this user's; `None` if there is no such value.
pub(in crate::os::windows) fn user_text(key: &str, name: &str) -> io::Result<Option<String>> {
    text(HKEY_CURRENT_USER, key, name)
}

/// Writes a text of this user's; a key that is not there is made.
pub(in crate::os::windows) fn set_user_text(key: &str, name: &str, text: &str) -> io::Result<()> {
    let (key, name, text) = (wide(key), wide(name), wide(text));
    let size = size_of_val(text.as_slice()) as u32;
    // SAFETY: the names end with a NUL, and the text has as many bytes as is said.
    let said =
        unsafe { RegSetKeyValueW(HKEY_CURRENT_USER, key.as_ptr(), name.as_ptr(), REG_SZ, text.as_ptr().cast(), size) };
    no_error(said)
}

/// Removes a value of this user's.
pub(in crate::os::windows) fn remove_user_text(key: &str, name: &str) -> io::Result<()> {
    // SAFETY: the names end with a NUL.
    no_error(unsafe { RegDeleteKeyValueW(HKEY_CURRENT_USER, wide(key).as_ptr(), wide(name).as_ptr()) })
}

fn text(root: HKEY, key: &str, name: &str) -> io::Result<Option<String>> {
    let (key, name) = (wide(key), wide(name));
    // What stands there, with the names of variables in it.
    let kinds = RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND;
    let mut room = vec![0_u16; 256];
    loop {
        let mut length = size_of_val(room.as_slice()) as u32;
        // SAFETY: the names end with a NUL, and there is as much room as is said.
        let said = unsafe {
            let room = room.as_mut_ptr().cast();
            RegGetValueW(root, key.as_ptr(), name.as_ptr(), kinds, null_mut(), room, &mut length)
        };
        match said {
            ERROR_FILE_NOT_FOUND => return Ok(None),
            ERROR_MORE_DATA if room.len() < LONGEST => room.resize(LONGEST, 0),
            said => {
                no_error(said)?;
                let end = room.iter().position(|unit| *unit == 0).unwrap_or(room.len());
                return Ok(Some(String::from_utf16_lossy(&room[..end])));
            }
        }
    }
}
