use std::path::{Path, PathBuf};

use crate::os::file::FileFacts;

/// The directory, or the nearest existing one above it, if that belongs to another user. Directories of the system
/// itself and those in which everybody may have files are fine.
pub(super) fn of_another(dir: &Path) -> Option<PathBuf> {
    let (nearest, found) = dir.ancestors().find_map(|dir| Some((dir, FileFacts::of_target(dir).ok()?)))?;
    let is_for_everybody = nearest != dir && found.is_for_everybody();
    let is_another = !found.is_ours() && !found.owner().is_system() && !is_for_everybody;
    is_another.then(|| nearest.to_owned())
}
