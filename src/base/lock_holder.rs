use std::fs::File;
use std::path::Path;

use super::Message;
use crate::msg;
use crate::os::lock::{self, Holder};

/// The process that holds a file lock, where the system says so. It says nothing of processes on other machines and in
/// other PID namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockHolder(Option<Holder>);

impl LockHolder {
    /// Who holds the lock on this open file.
    pub fn of(file: &File) -> LockHolder {
        LockHolder(lock::holder(file))
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.0.as_ref().map(|holder| holder.pid)
    }

    /// Whether the holder is known and runs the program of this name.
    pub fn is(&self, name: &str) -> bool {
        self.0.as_ref().and_then(|holder| holder.program.as_deref()) == Some(name)
    }

    /// The sentence that this process, or an unknown one, holds the lock on the file at `path`.
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
