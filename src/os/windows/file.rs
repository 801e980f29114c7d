use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::windows::fs::FileExt;
use std::path::{Component, Path, PathBuf, Prefix};
use std::time::{Duration, SystemTime};

use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_ATTRIBUTE_DEVICE, FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_REPARSE_POINT, FILE_DELETE_CHILD, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_EA, OPEN_EXISTING, READ_CONTROL, WRITE_DAC,
    WRITE_OWNER,
};

use super::calls::files::{information, open};
use super::calls::security::{Access, access_of};
use super::sid::Sid;
use super::user::UserId;

/// What one look at a file or directory tells.
#[derive(Clone, Debug)]
pub struct FileFacts {
    id: FileId,
    size: u64,
    modified: Option<SystemTime>,
    attributes: u32,
    names: u32,
    owner: UserId,
    /// The rights that anybody has besides the owner, the system and its administrators.
    others: u32,
}

/// Which file it is, whatever its name: another one in its place is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    volume: u32,
    number: u64,
}

/// The rights (winnt.h) by which a file or a directory is changed, or by which that right can be had.
const WRITING: u32 = FILE_ADD_FILE
    | FILE_ADD_SUBDIRECTORY
    | FILE_WRITE_EA
    | FILE_DELETE_CHILD
    | FILE_WRITE_ATTRIBUTES
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL;
const DELETE: u32 = 0x0001_0000;
const GENERIC_ALL: u32 = 0x1000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const GENERIC_READ: u32 = 0x8000_0000;

/// An entry of an access list that stands for whoever owns the file, or will make one.
const OWNER_RIGHTS: Sid = Sid::of_owner_rights();

/// The seconds between the beginning of Windows' count, the year 1601, and that of Unix.
const TO_UNIX: u64 = 11_644_473_600;

impl FileFacts {
    /// Of what has this name now, a link itself included.
    pub fn of_name(path: &Path) -> io::Result<FileFacts> {
        look(path, FILE_FLAG_OPEN_REPARSE_POINT)
    }

    /// Of what this path leads to, links followed.
    pub fn of_target(path: &Path) -> io::Result<FileFacts> {
        look(path, 0)
    }

    /// Of an open file.
    pub fn of(file: &File) -> io::Result<FileFacts> {
        let found = information(file)?;
        let Access { owner, allowed } = access_of(file)?;
        let wide = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let is_other = |who: &Option<Sid>| {
            who.is_none_or(|sid| sid != owner && sid != OWNER_RIGHTS && !UserId::of(sid).is_system())
        };
        Ok(FileFacts {
            id: FileId { volume: found.dwVolumeSerialNumber, number: wide(found.nFileIndexHigh, found.nFileIndexLow) },
            size: wide(found.nFileSizeHigh, found.nFileSizeLow),
            modified: time(found.ftLastWriteTime),
            attributes: found.dwFileAttributes,
            names: found.nNumberOfLinks,
            owner: UserId::of(owner),
            others: allowed.iter().filter(|(who, _)| is_other(who)).fold(0, |all, (_, rights)| all | rights),
        })
    }

    /// Which file it is.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When it was written last, where the disk says so.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// Whether it holds bytes: no directory, link, pipe or device.
    pub fn is_file(&self) -> bool {
        !self.has(FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE)
    }

    /// Whether it holds names.
    pub fn is_dir(&self) -> bool {
        self.has(FILE_ATTRIBUTE_DIRECTORY) && !self.has(FILE_ATTRIBUTE_REPARSE_POINT)
    }

    /// Whether programs connect to it: a pipe is no file here.
    pub fn is_socket(&self) -> bool {
        false
    }

    /// Whose it is.
    pub fn owner(&self) -> UserId {
        self.owner
    }

    /// Whether it belongs to the user whose rights this process has. What an administrator makes may belong to all of
    /// them.
    pub fn is_ours(&self) -> bool {
        self.owner.is_own() || self.owner.is_system()
    }

    /// Whether anybody but its owner, and the system, may do anything with it.
    pub fn is_open_to_others(&self) -> bool {
        self.others != 0
    }

    /// Whether anybody but its owner, and the system, may change it.
    pub fn is_writable_by_others(&self) -> bool {
        self.others & WRITING != 0
    }

    /// Whether more may read it than need to.
    pub fn is_readable_by_strangers(&self) -> bool {
        self.others & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL) != 0
    }

    /// Whether it is a directory in which each user has files that no other can remove: there is none here.
    pub fn is_for_everybody(&self) -> bool {
        false
    }

    /// Whether the same file is found under another name too.
    pub fn has_more_names(&self) -> bool {
        self.names > 1
    }

    fn has(&self, attributes: u32) -> bool {
        self.attributes & attributes != 0
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
}

/// Opens what a person named, links followed, to read it. What it is has to be asked before anything is read.
pub fn open_named(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The path without links, to what is there, as people write it: without the mark by which the system says that it is
/// complete, behind which `/` is no separator.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().map(|path| plain(&path))
}

/// Reads from this place in the file, and says how many bytes there were. Who reads on without a place goes on there.
pub fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    file.seek_read(bytes, at)
}

/// Reads exactly as many bytes as there is room for, from this place in the file. Fewer are an error.
pub fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    let mut read = 0;
    while read < bytes.len() {
        match file.seek_read(&mut bytes[read..], at + read as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
    }
    Ok(())
}

/// Writes all of these bytes at this place in the file.
pub fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match file.seek_write(&bytes[written..], at + written as u64)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            more => written += more,
        }
    }
    Ok(())
}

fn look(path: &Path, flags: u32) -> io::Result<FileFacts> {
    // With that flag directories can be opened too.
    let flags = flags | FILE_FLAG_BACKUP_SEMANTICS;
    FileFacts::of(&open(path, READ_CONTROL | FILE_READ_ATTRIBUTES, OPEN_EXISTING, flags, None)?)
}

fn plain(path: &Path) -> PathBuf {
    let mut parts = path.components();
    let mut plain = match parts.next() {
        Some(Component::Prefix(prefix)) => match prefix.kind() {
            Prefix::VerbatimDisk(disk) => OsString::from(format!("{}:", char::from(disk))),
            Prefix::VerbatimUNC(server, share) => {
                [OsStr::new(r"\\"), server, OsStr::new(r"\"), share].into_iter().collect()
            }
            _ => return path.to_owned(),
        },
        _ => return path.to_owned(),
    };
    plain.push(parts.as_path());
    PathBuf::from(plain)
}

fn time(time: FILETIME) -> Option<SystemTime> {
    let tenths = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    let (seconds, rest) = (tenths / 10_000_000, tenths % 10_000_000);
    let since = Duration::new(seconds.checked_sub(TO_UNIX)?, rest as u32 * 100);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_as_people_write_it() {
        let plain = |path: &str| plain(Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(plain(r"\\?\C:\Users\a b"), r"C:\Users\a b");
        assert_eq!(plain(r"\\?\UNC\box\share\x"), r"\\box\share\x");
        assert_eq!(plain(r"C:\x"), r"C:\x");
    }
}
