use std::path::Path;
use std::time::SystemTime;

use crate::os::file::FileFacts;

/// What changes when a file is edited or replaced, as one look tells; all the same where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Option<(Option<SystemTime>, u64, u64)>);

impl Stamp {
    /// Of the file as it is now, as far as a look at its name tells: over a network that may be seconds old.
    pub fn of(path: &Path) -> Stamp {
        FileFacts::of_target(path).map(|found| Stamp::of_found(&found)).unwrap_or_default()
    }

    /// Of the file that was looked at.
    pub fn of_found(found: &FileFacts) -> Stamp {
        Stamp(Some((found.modified(), found.size(), found.id().number())))
    }
}
