use std::path::Path;
use std::time::SystemTime;

use crate::os::file::FileFacts;

/// What one look at a file tells of its state: time of change, size and file number. Two equal stamps mean that the
/// file was neither edited nor replaced. A missing file has a stamp of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Option<(Option<SystemTime>, u64, u64)>);

impl Stamp {
    /// The present stamp of the file at `path`, links followed. Over a network it may be seconds old.
    pub fn of(path: &Path) -> Stamp {
        FileFacts::of_target(path).map(|found| Stamp::of_found(&found)).unwrap_or_default()
    }

    /// The stamp that belongs to a look at a file that was already taken.
    pub fn of_found(found: &FileFacts) -> Stamp {
        Stamp(Some((found.modified(), found.size(), found.id().number())))
    }
}
