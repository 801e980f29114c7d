use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::local_socket::tokio::Listener;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use tokio::time::{sleep, timeout};

use crate::agent::RestrictedDoor;
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{Message, Paths};
use crate::msg;

/// The longest wait for another agent to either listen or go.
const PREDECESSOR_WITHIN: Duration = Duration::from_secs(10);

/// The agent's socket, owned by this process.
pub struct Door {
    pub(super) listener: Listener,
    /// Ours to remove; systemd's is not.
    own: Option<PathBuf>,
    /// Keeps other agents out.
    _lock: Option<File>,
    /// The token that everybody has here.
    token: Option<String>,
}

/// Why the socket was not opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("another agent is running already")]
    Taken,
    #[error(transparent)]
    Unsafe(#[from] PrivateFileError),
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
}

impl DoorError {
    /// The reason as a person reads it.
    pub fn message(&self) -> Message {
        match self {
            DoorError::Taken => msg!("agent-runs-already"),
            DoorError::Unsafe(error) => error.message(),
            DoorError::Io { path, error } => msg!("file-trouble", path = path.display(), error = error),
        }
    }
}

impl Door {
    /// Opens the socket. Of two agents that start at once the one that gets the lock stays; what an agent that died
    /// left behind is removed under that lock, so nobody removes a socket that is in use.
    pub async fn open(paths: &Paths) -> Result<Door, DoorError> {
        let path = paths.socket();
        let dir = path.parent().unwrap_or(Path::new("/"));
        private_file::private_dir(dir)?;
        private_file::closed_dir(dir)?;
        let lock = lock_out_others(paths).await?;
        Ok(Door { listener: bind(path)?, own: Some(path.to_owned()), _lock: Some(lock), token: None })
    }

    /// Opens a socket with a token of its own, in a directory that only the user may enter.
    pub(super) fn restricted(door: &RestrictedDoor) -> Result<Door, DoorError> {
        let path = &door.path;
        let dir = path.parent().unwrap_or(Path::new("/"));
        private_file::private_dir(dir)?;
        private_file::closed_dir(dir)?;
        Ok(Door { listener: bind(path)?, own: Some(path.clone()), _lock: None, token: Some(door.token.clone()) })
    }

    /// Takes over the socket that systemd listens on for us.
    pub fn from_systemd(listener: std::os::unix::net::UnixListener) -> io::Result<Door> {
        listener.set_nonblocking(true)?;
        let listener = Listener::UdSocket(std::os::fd::OwnedFd::from(listener).try_into()?);
        Ok(Door { listener, own: None, _lock: None, token: None })
    }

    /// Makes the socket unreachable; what was begun goes on.
    pub(super) fn close(&self) {
        if let Some(path) = &self.own {
            let _ = std::fs::remove_file(path);
        }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.close();
    }
}

/// Listens where nobody else does; what an agent that died left behind is removed.
fn bind(path: &Path) -> Result<Listener, DoorError> {
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
    options.create_tokio().map_err(io_error)
}

async fn lock_out_others(paths: &Paths) -> Result<File, DoorError> {
    let waited = async {
        loop {
            if let Some(lock) = private_file::try_lock(&paths.agent_lock())? {
                return Ok(lock);
            }
            if is_answered(paths.socket()) {
                return Err(DoorError::Taken);
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PREDECESSOR_WITHIN, waited).await.unwrap_or(Err(DoorError::Taken))
}

fn is_answered(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}
