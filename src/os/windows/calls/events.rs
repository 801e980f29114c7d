//! Events by which one process wakes another: the counterpart of signals.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::null;

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Threading::{
    CreateEventW, EVENT_MODIFY_STATE, INFINITE, OpenEventW, SetEvent, WaitForSingleObject,
};

use super::security::Descriptor;
use super::{done, wide};

/// Something that is waited for, and that each waiting uses up.
pub(in crate::os::windows) struct Event(OwnedHandle);

impl Event {
    /// Makes one, with a name by which others find it if there is one, for whom the descriptor lets in.
    pub(in crate::os::windows) fn make(name: Option<&str>, descriptor: &Descriptor) -> io::Result<Event> {
        let name = name.map(wide);
        let name = name.as_ref().map_or(null(), |name| name.as_ptr());
        // SAFETY: the name ends with a NUL, and the attributes live until the call is over.
        let event = unsafe { CreateEventW(&descriptor.attributes(), 0, 0, name) };
        Event::of(event)
    }

    /// One that another process made, to set it.
    pub(in crate::os::windows) fn open(name: &str) -> io::Result<Event> {
        // SAFETY: the name ends with a NUL.
        Event::of(unsafe { OpenEventW(EVENT_MODIFY_STATE, 0, wide(name).as_ptr()) })
    }

    fn of(event: windows_sys::Win32::Foundation::HANDLE) -> io::Result<Event> {
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call just opened it for us.
        Ok(Event(unsafe { OwnedHandle::from_raw_handle(event) }))
    }

    /// Wakes who waits, or the next one who will.
    pub(in crate::os::windows) fn set(&self) -> io::Result<()> {
        // SAFETY: the handle is open.
        done(unsafe { SetEvent(self.0.as_raw_handle()) })
    }

    /// Returns when it was set. `false` if that cannot be waited for.
    pub(in crate::os::windows) fn wait(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), INFINITE) == WAIT_OBJECT_0 }
    }
}
