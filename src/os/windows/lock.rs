use std::fs::File;
use std::io;

use super::super::common::Holder;
use super::calls::files;

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
