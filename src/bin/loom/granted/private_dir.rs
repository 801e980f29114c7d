use std::path::{Path, PathBuf};

use loom_credentials::os::{directories, private, process};

/// What the names of such directories begin with; then comes the number of the process.
const PREFIX: &str = "loom-exec-";

/// A directory of this user's alone, for a socket and the settings of programs that are told of it. It goes with the
/// command; what a killed one left goes with the next.
pub(super) struct PrivateDir(PathBuf);

impl PrivateDir {
    /// Makes one where things end with the session, unless that is hidden from the command; `None` if there is no such
    /// place.
    pub(super) fn make(is_hidden: bool) -> Option<PrivateDir> {
        let places = directories::runtime().filter(|_| !is_hidden).chain([std::env::temp_dir()]);
        let mut usable = places.filter(|place| place.is_dir());
        usable.find_map(|place| {
            sweep(&place);
            let path = place.join(format!("{PREFIX}{}", std::process::id()));
            // It must be new: what has the name already may be somebody else's.
            private::create_dir(&path).ok()?;
            Some(PrivateDir(path))
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // The next one tries again.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes what commands left whose process is gone.
fn sweep(place: &Path) {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|text| text.parse().ok());
        if number.is_some_and(|pid: u32| !process::is_there(pid)) {
            // Another user's stays.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
