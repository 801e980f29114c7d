//! What unit tests of other floors need of a system.

use std::path::Path;

/// Makes a symbolic link.
pub fn link(target: &str, path: &Path) {
    std::os::windows::fs::symlink_file(target, path).unwrap();
}

/// Makes what is no plain file: there is no pipe among files here.
pub fn pipe(path: &Path) {
    std::fs::create_dir(path).unwrap();
}

/// A device that never ends.
pub const ENDLESS: &str = "CON";

/// A file that has no size before it is read.
pub const MADE_UP: &str = "NUL";
