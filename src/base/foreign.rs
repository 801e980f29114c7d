use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where a directory is, or would be made, that is another user's. The system's own will do, and those that are for everybody.
pub(super) fn of_another(dir: &Path) -> Option<PathBuf> {
    const STICKY: u32 = 0o1000;
    let own = rustix::process::geteuid().as_raw();
    let (nearest, found) = dir.ancestors().find_map(|dir| Some((dir, dir.metadata().ok()?)))?;
    let is_for_everybody = nearest != dir && found.mode() & STICKY != 0;
    let is_another = found.uid() != own && found.uid() != 0 && !is_for_everybody;
    is_another.then(|| nearest.to_owned())
}
