//! What unit tests of other floors need of a system.

use std::path::Path;

/// Makes a symbolic link.
pub fn link(target: &str, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// Makes a pipe that nobody writes to.
pub fn pipe(path: &Path) {
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
}

/// A device that never ends.
pub const ENDLESS: &str = "/dev/zero";

/// A file that has no size before it is read.
pub const MADE_UP: &str = "/proc/self/stat";
