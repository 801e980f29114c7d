//! A name is not a socket.
//!
//! Cleaners, logouts and other agents remove names. An agent knows socket and lock by device and inode (`FileId`): it
//! removes its own only, and when one has gone it binds anew, under the lock, or ends if another agent has that place
//! or there is none any more: nobody is left in memory whom nobody reaches. It hears of a change from the system
//! (`listen::watch`), from an agent that finds the lock held and nobody listening (it sends HUP), and else looks once a
//! minute. It waits for a moment first, so as not to be in the way of whoever removes a directory, and makes only the
//! last one anew. One that systemd gave its socket ends when that is gone.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::Listener;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::door::DoorError;
use crate::base::{FileId, fits_socket};

/// The name of a socket in the file system, ours for as long as the file with this name is the one that we made.
pub(super) struct SocketName {
    path: PathBuf,
    id: FileId,
}

impl SocketName {
    /// Listens where nobody else does; what an agent that died left behind is removed.
    pub(super) fn bind(path: &Path) -> Result<(Listener, SocketName), DoorError> {
        if !fits_socket(path) {
            return Err(DoorError::TooLong { path: path.to_owned() });
        }
        let io_error = |error| DoorError::Io { path: path.to_owned(), error };
        match path.symlink_metadata() {
            // Somebody who listens without our lock: systemd, on behalf of an agent to come.
            Ok(found) if found.file_type().is_socket() && is_answered(path) => return Err(DoorError::Taken),
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path).map_err(io_error)?,
            Ok(_) => return Err(io_error(io::ErrorKind::AlreadyExists.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(error)),
        }
        let name = path.to_fs_name::<GenericFilePath>().map_err(io_error)?;
        // The umask is 077 and the directory is closed: there is no moment at which others could connect.
        let options = ListenerOptions::new().name(name).mode(0o600).reclaim_name(false);
        let listener = options.create_tokio().map_err(io_error)?;
        let id = FileId::of(path).ok_or_else(|| io_error(io::ErrorKind::NotFound.into()))?;
        Ok((listener, SocketName { path: path.to_owned(), id }))
    }

    /// The name of a socket that somebody else bound.
    pub(super) fn of(path: &Path) -> Option<SocketName> {
        Some(SocketName { path: path.to_owned(), id: FileId::of(path)? })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether whoever connects to this name comes to us.
    pub(super) fn stands(&self) -> bool {
        FileId::of(&self.path) == Some(self.id)
    }

    /// Removes the name, unless it has become another's.
    pub(super) fn remove(&self) {
        if self.stands() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether somebody listens there. One with a full queue does, so nothing is waited for.
pub(super) fn is_answered(socket: &Path) -> bool {
    let answered = SocketAddrUnix::new(socket).and_then(|address| {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        connect(&socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?, &address)
    });
    matches!(answered, Ok(()) | Err(rustix::io::Errno::AGAIN))
}
