use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, OFlags, access, accessat};
use rustix::io::Errno;

use super::super::common::{OpenError, Opening};

/// What nobody but the owner may do anything with.
const OWNER_ONLY: u32 = 0o600;
const OWNER_ONLY_DIR: u32 = 0o700;

/// Opens a file. One that is made is its owner's alone from its first moment. No link is followed, and no pipe waited
/// for.
pub fn open(path: &Path, opening: Opening) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    match opening {
        Opening::Read => options.read(true),
        Opening::Change => options.read(true).write(true),
        Opening::ChangeOrCreate => options.read(true).write(true).create(true),
        Opening::AppendOrCreate => options.append(true).create(true),
        Opening::New => options.read(true).write(true).create_new(true),
    };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    options.mode(OWNER_ONLY).custom_flags(flags).open(path).map_err(|error| match Errno::from_io_error(&error) {
        // ELOOP: a symbolic link stands there. ENXIO: a FIFO or a socket.
        Some(Errno::LOOP | Errno::NXIO) => OpenError::NotPlain,
        _ => OpenError::Io(error),
    })
}

/// Makes a directory that is its owner's alone; one that is there is an error.
pub fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(OWNER_ONLY_DIR).create(path)
}

/// Makes a directory and its missing parents, for their owner alone. An existing one stays as it is.
pub fn create_dirs(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_DIR).create(path)
}

/// Returns once the names in this directory are on the disk.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether this process may make and remove names in the directory; the error says why not.
pub fn check_writable(dir: &Path) -> io::Result<()> {
    Ok(accessat(CWD, dir, Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// Whether the user who started this process may make names in the directory and go into it.
pub fn is_usable(dir: &Path) -> bool {
    access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
