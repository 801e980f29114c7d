use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Which file it is, whatever its name: another one in its place is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(u64, u64);

impl FileId {
    /// Of what has this name now, a link itself included.
    pub fn of(path: &Path) -> Option<FileId> {
        path.symlink_metadata().ok().map(|found| FileId::from(&found))
    }

    pub fn of_file(file: &File) -> io::Result<FileId> {
        file.metadata().map(|found| FileId::from(&found))
    }
}

impl From<&Metadata> for FileId {
    fn from(found: &Metadata) -> FileId {
        FileId(found.dev(), found.ino())
    }
}
