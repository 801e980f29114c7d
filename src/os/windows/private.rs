use std::fs::File;
use std::io;
use std::path::Path;

use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, FILE_ADD_FILE, FILE_APPEND_DATA, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, OPEN_ALWAYS, OPEN_EXISTING,
    READ_CONTROL, SYNCHRONIZE,
};

use super::super::common::{OpenError, Opening};
use super::calls::files::{self, information};
use super::calls::security::Descriptor;
use super::user::UserId;

/// Opens a file. One that is made is its owner's alone from its first moment. No link is followed.
pub fn open(path: &Path, opening: Opening) -> Result<File, OpenError> {
    let (access, disposition) = match opening {
        Opening::Read => (GENERIC_READ, OPEN_EXISTING),
        Opening::Change => (GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING),
        Opening::ChangeOrCreate => (GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS),
        Opening::AppendOrCreate => (FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE, OPEN_ALWAYS),
        Opening::New => (GENERIC_READ | GENERIC_WRITE, CREATE_NEW),
    };
    let open = || {
        let flags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT;
        let file = files::open(path, access, disposition, flags, Some(&owner_only()?))?;
        let is_link = information(&file)?.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT != 0;
        Ok((file, is_link))
    };
    match open().map_err(OpenError::Io)? {
        (_, true) => Err(OpenError::NotPlain),
        (file, false) => Ok(file),
    }
}

/// Makes a directory that is its owner's alone; one that is there is an error.
pub fn create_dir(path: &Path) -> io::Result<()> {
    files::create_dir(path, &owner_only()?)
}

/// Makes a directory and its missing parents, for their owner alone. An existing one stays as it is.
pub fn create_dirs(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    path.parent().map_or(Ok(()), create_dirs)?;
    match create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// There is no such call: a name is as durable as the file system makes it.
pub fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether this process may make names in the directory; the error says why not.
pub fn check_writable(dir: &Path) -> io::Result<()> {
    files::open(dir, FILE_ADD_FILE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, None).map(drop)
}

/// Whether the user who started this process may make names in the directory and go into it.
pub fn is_usable(dir: &Path) -> bool {
    check_writable(dir).is_ok()
}

/// Everything for this user, nothing for anybody else, and nothing taken over from the directory above.
fn owner_only() -> io::Result<Descriptor> {
    let user = UserId::own().name();
    Descriptor::parse(&format!("O:{user}D:P(A;OICI;FA;;;{user})"))
}
