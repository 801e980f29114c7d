use std::fs::File;
use std::io;

use super::calls::files;

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// The name of its program, where the system says it.
    pub program: Option<String>,
}

/// Locks the file for this process alone; `false` if another process has it locked. The lock ends when the file is
/// closed, also by a crash. Who does not ask for it can read and write all the same.
pub fn try_exclusive(file: &File) -> io::Result<bool> {
    files::lock(file, false)
}

/// Locks the file as [`try_exclusive`] does, and waits for as long as another process has it locked.
pub fn exclusive(file: &File) -> io::Result<()> {
    files::lock(file, true).map(drop)
}

/// Nothing says it here.
pub fn holder(_: &File) -> Option<Holder> {
    None
}
