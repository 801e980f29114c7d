use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;

use super::user::UserId;

/// What one look at a file or directory tells.
#[derive(Clone, Debug)]
pub struct FileFacts(Metadata);

/// Which file it is, whatever its name: another one in its place is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    number: u64,
}

impl FileFacts {
    /// Of what has this name now, a link itself included.
    pub fn of_name(path: &Path) -> io::Result<FileFacts> {
        path.symlink_metadata().map(FileFacts)
    }

    /// Of what this path leads to, links followed.
    pub fn of_target(path: &Path) -> io::Result<FileFacts> {
        path.metadata().map(FileFacts)
    }

    /// Of an open file.
    pub fn of(file: &File) -> io::Result<FileFacts> {
        file.metadata().map(FileFacts)
    }

    /// Which file it is.
    pub fn id(&self) -> FileId {
        FileId { device: self.0.dev(), number: self.0.ino() }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.0.len()
    }

    /// When it was written last, where the disk says so.
    pub fn modified(&self) -> Option<SystemTime> {
        self.0.modified().ok()
    }

    /// Whether it holds bytes: no directory, link, pipe or device.
    pub fn is_file(&self) -> bool {
        self.0.is_file()
    }

    /// Whether it holds names.
    pub fn is_dir(&self) -> bool {
        self.0.is_dir()
    }

    /// Whether programs connect to it.
    pub fn is_socket(&self) -> bool {
        self.0.file_type().is_socket()
    }

    /// Whose it is.
    pub fn owner(&self) -> UserId {
        UserId::from_raw(self.0.uid())
    }

    /// Whether it belongs to the user whose rights this process has.
    pub fn is_ours(&self) -> bool {
        self.owner() == UserId::own()
    }

    /// Whether anybody but its owner, and the system, may do anything with it.
    pub fn is_open_to_others(&self) -> bool {
        self.0.mode() & 0o077 != 0
    }

    /// Whether anybody but its owner, and the system, may change it.
    pub fn is_writable_by_others(&self) -> bool {
        self.0.mode() & 0o022 != 0
    }

    /// Whether more may read it than need to. Who is not its owner may need to be of its group to read it.
    pub fn is_readable_by_strangers(&self) -> bool {
        let strangers = if self.is_ours() { 0o044 } else { 0o004 };
        self.0.mode() & strangers != 0
    }

    /// Whether it is a directory in which each user has files that no other can remove.
    pub fn is_for_everybody(&self) -> bool {
        const STICKY: u32 = 0o1000;
        self.0.mode() & STICKY != 0
    }

    /// Whether the same file is found under another name too.
    pub fn has_more_names(&self) -> bool {
        self.0.nlink() > 1
    }
}

impl FileId {
    /// Of what has this name now, a link itself included.
    pub fn of_name(path: &Path) -> Option<FileId> {
        FileFacts::of_name(path).ok().map(|found| found.id())
    }

    /// Of an open file.
    pub fn of(file: &File) -> io::Result<FileId> {
        FileFacts::of(file).map(|found| found.id())
    }

    /// The number that tells the file from others of its disk.
    pub fn number(self) -> u64 {
        self.number
    }

    #[cfg(test)]
    pub(super) fn new(device: u64, number: u64) -> FileId {
        FileId { device, number }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn device(self) -> u64 {
        self.device
    }
}

/// Opens what a person named, links followed, to read it. Nothing is waited for, be it a pipe or a device: what it is
/// has to be asked before anything is read.
pub fn open_named(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// The path without links, to what is there.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Reads from this place in the file, whatever is read and written elsewhere in it, and says how many bytes there were.
pub fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    FileExt::read_at(file, bytes, at)
}

/// Reads exactly as many bytes as there is room for, from this place in the file. Fewer are an error.
pub fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    FileExt::read_exact_at(file, bytes, at)
}

/// Writes all of these bytes at this place in the file, whatever is read and written elsewhere in it.
pub fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    FileExt::write_all_at(file, bytes, at)
}
