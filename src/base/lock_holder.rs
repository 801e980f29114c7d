use std::fs::File;
use std::path::Path;

use super::Message;
use crate::msg;
use crate::os::lock::{self, Holder};

/// Who holds a lock that was waited for in vain, where the system says so: a process of another machine, or of another
/// PID namespace, is nobody here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockHolder(Option<Holder>);

impl LockHolder {
    /// Of the lock on this file.
    pub fn of(file: &File) -> LockHolder {
        LockHolder(lock::holder(file))
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.0.as_ref().map(|holder| holder.pid)
    }

    /// Whether it is a program of this name.
    pub fn is(&self, name: &str) -> bool {
        self.0.as_ref().and_then(|holder| holder.program.as_deref()) == Some(name)
    }

    /// That they hold the lock on this file.
    pub fn message(&self, path: &Path) -> Message {
        let path = path.display();
        match &self.0 {
            Some(Holder { pid, program }) => {
                msg!("file-locked-by", path = path, pid = pid, program = program.as_deref().unwrap_or("?"))
            }
            None => msg!("file-locked", path = path),
        }
    }
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid() {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}
