use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, Stream};
use zeroize::Zeroizing;

use super::ask::unavailable;
use crate::base::{Message, private_file};
use crate::msg;
use crate::wire::{Code, Fault, FrameError, read_frame};

/// Longer than the agent may need for a server and a keyring together; a login sends an event or ends before.
const ANSWER_WITHIN: Duration = Duration::from_secs(15 * 60);

/// One connection to the agent, made only to a socket that nobody else can have put there.
pub(super) struct Connection(BufReader<Stream>);

impl Connection {
    /// Connects; `None` if no agent listens. A directory or a server process of another user gets not a byte.
    pub(super) fn open(socket: &Path) -> Result<Option<Connection>, Fault> {
        let dir = socket.parent().unwrap_or(Path::new("/"));
        match private_file::closed_dir(dir) {
            Ok(()) => {}
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(denied_socket(error.message())),
        }
        let name = socket.to_fs_name::<GenericFilePath>().map_err(|error| not_reached(socket, error))?;
        let stream = match Stream::connect(name) {
            Ok(stream) => stream,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Err(error) => return Err(not_reached(socket, error)),
        };
        let server = match stream.peer_creds() {
            Ok(server) => server.euid(),
            // Said of a process in another PID namespace: we are in a container, the agent is not. In a directory that only
            // we may enter the owner of the socket is who made it.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                Some(socket.symlink_metadata().map_err(|error| not_reached(socket, error))?.uid())
            }
            Err(error) => return Err(not_reached(socket, error)),
        };
        if server != Some(rustix::process::geteuid().as_raw()) {
            return Err(denied_socket(msg!("file-owner", path = socket.display())));
        }
        stream.set_recv_timeout(Some(ANSWER_WITHIN)).map_err(|error| not_reached(socket, error))?;
        Ok(Some(Connection(BufReader::new(stream))))
    }

    pub(super) fn send(&mut self, frame: &[u8]) -> Result<(), Fault> {
        self.0.get_mut().write_all(frame).map_err(|_| gone())
    }

    pub(super) fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        read_frame(&mut self.0).map_err(|error| match error {
            FrameError::Closed | FrameError::Io(_) => gone(),
            FrameError::TooLong => unavailable(msg!("agent-speaks-otherwise")),
        })
    }

    /// Waits until the agent closes the connection.
    pub(super) fn wait_for_end(mut self) {
        while self.0.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
    }
}

fn gone() -> Fault {
    unavailable(msg!("agent-gone")).hint(msg!("hint-try-again"))
}

fn not_reached(socket: &Path, error: io::Error) -> Fault {
    unavailable(msg!("agent-not-reached", path = socket.display(), error = error))
}

fn denied_socket(reason: Message) -> Fault {
    Fault::new(Code::Denied, msg!("socket-unsafe").because(reason)).hint(msg!("hint-socket-unsafe"))
}
