use std::path::Path;

use super::calls::files;

/// Whether this directory, or what there is of its path, lies on a disk of this machine. May take as long as the disk
/// does.
pub fn is_local(dir: &Path) -> bool {
    files::is_local(dir)
}
