//! Files that are being written, until they get their name.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::private_file::open;
use crate::os::lock;
use crate::os::private::{self, Opening};

/// The beginning of the name of a file that is being written; [`ENDING`] is its end.
const TEMPORARY: &str = ".loom-";
const ENDING: &str = ".tmp";

/// A new file that is locked for as long as it is written: what nobody has locked was left by a crash.
pub(super) fn temporary(dir: &Path) -> io::Result<NamedTempFile> {
    sweep(dir);
    loop {
        // Its owner's alone from birth, in the same directory so that the rename is one step.
        let make = |path: &Path| private::open(path, Opening::New).map_err(io::Error::from);
        let temporary = tempfile::Builder::new().prefix(TEMPORARY).suffix(ENDING).make_in(dir, make)?;
        // Where nothing can be locked, nothing is swept away either.
        let _ = lock::exclusive(temporary.as_file());
        // Somebody may have swept it away before it was locked.
        if temporary.path().exists() {
            return Ok(temporary);
        }
    }
}

/// Removes temporary files that crashes left: those that nobody has locked.
fn sweep(dir: &Path) {
    let paths = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_temporary = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(TEMPORARY) && name.ends_with(ENDING)
    };
    for path in paths.filter(is_temporary) {
        let Ok(left) = open(&path, Opening::Read) else { continue };
        if lock::try_exclusive(&left).is_ok_and(|taken| taken) {
            let _ = std::fs::remove_file(&path);
        }
    }
}
