use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// What changes when a file is edited or replaced, as one look tells; all the same where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Option<(Option<SystemTime>, u64, u64)>);

impl Stamp {
    /// Of the file as it is now, as far as a look at its name tells: over a network that may be seconds old.
    pub fn of(path: &Path) -> Stamp {
        Stamp(std::fs::metadata(path).ok().map(|found| (found.modified().ok(), found.len(), found.ino())))
    }

    /// Of the file with this metadata.
    pub fn of_found(found: &Metadata) -> Stamp {
        Stamp(Some((found.modified().ok(), found.len(), found.ino())))
    }
}
