use std::fs::File;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::StreamCommon;
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::crowd::Crowd;
use crate::agent::{self, Agent, Caller, Peer};
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{Message, Paths};
use crate::msg;
use crate::wire::MAX_FRAME;

/// How long a connection may take to say something.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// How many connections may wait at once: for their process to say something, or for their turn.
const MAX_WAITING: usize = 512;

/// How many requests of one process may be under way at once; more wait for their turn.
const MAX_TURNS: usize = 64;

/// The longest wait for another agent to either listen or go.
const PREDECESSOR_WITHIN: Duration = Duration::from_secs(10);

/// The agent's socket, owned by this process.
pub struct Door {
    listener: Listener,
    /// Ours to remove; systemd's is not.
    own: Option<(PathBuf, File)>,
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
        let own = lock_out_others(paths).await?;
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
        Ok(Door { listener, own: Some((path.to_owned(), own)) })
    }

    /// Takes over the socket that systemd listens on for us.
    pub fn from_systemd(listener: std::os::unix::net::UnixListener) -> io::Result<Door> {
        listener.set_nonblocking(true)?;
        let listener = Listener::UdSocket(std::os::fd::OwnedFd::from(listener).try_into()?);
        Ok(Door { listener, own: None })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some((path, _lock)) = &self.own {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Serves until the agent is asked to stop or, where `idle_exit` is given, nobody came for so long. What was begun is
/// finished first.
pub async fn serve(door: Door, agent: Arc<Agent>, idle_exit: Option<Duration>) {
    let crowd = Arc::new(Crowd::default());
    tokio::spawn(agent.clone().do_chores());
    tokio::spawn(agent.clone().lock_when_idle());
    let auditor = tokio::spawn(agent.clone().write_audit());
    let own = rustix::process::geteuid().as_raw();
    let mut asked = pin!(agent.stopping.asked());
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = door.listener.accept() => accepted,
            () = &mut asked => break,
            () = idle(&agent, idle_exit) => break,
        };
        match accepted {
            Ok(stream) => match peer(&stream) {
                Some(peer) if peer.uid == own => {
                    let (agent, crowd) = (agent.clone(), crowd.clone());
                    tokio::spawn(async move { converse(stream, peer, &agent, &crowd).await });
                }
                _ => tracing::warn!("a process of another user connected and was turned away"),
            },
            Err(error) => {
                // Out of descriptors: make room instead of asking for the same connection in a circle.
                tracing::warn!(%error, "cannot accept");
                crowd.thin();
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    // New front-ends start a new agent from here on; it waits for our lock.
    drop_socket(&door);
    let _ = timeout(PREDECESSOR_WITHIN, agent.stopping.idle()).await;
    // What no store has taken so far would end with this memory: a login whose refresh token the server has changed.
    let _ = timeout(PREDECESSOR_WITHIN, agent.save_again()).await;
    auditor.abort();
    agent.flush_audit().await;
}

fn drop_socket(door: &Door) {
    if let Some((path, _)) = &door.own {
        let _ = std::fs::remove_file(path);
    }
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

/// Asked before a byte is read: a process of another user gets nothing, whatever the socket's mode says.
fn peer(stream: &Stream) -> Option<Peer> {
    let creds = stream.peer_creds().ok()?;
    let pid = creds.pid().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default();
    Some(Peer { uid: creds.euid()?, pid })
}

/// Answers one request after the other until either side ends.
async fn converse(stream: Stream, peer: Peer, agent: &Agent, crowd: &Crowd) {
    let (mut input, mut output) = (&stream, &stream);
    let mut buffer = Buffer::default();
    let mut asked = pin!(agent.stopping.asked());
    loop {
        // After one turn of the runtime the next request, or the end, is most often there, and no timer need be set.
        yield_now().await;
        let (frame, turn) = {
            let mut place = crowd.join(peer.pid, MAX_WAITING);
            let request = async {
                let frame = timeout(REQUEST_WITHIN, buffer.frame(&mut input)).await.ok()??;
                let turn = crowd.turn(peer.pid, MAX_TURNS).await;
                // Nobody works for who went while waiting.
                (!turn.had_to_wait() || !has_gone(&stream)).then_some((frame, turn))
            };
            tokio::select! {
                biased;
                request = request => match request {
                    Some(request) => request,
                    None => return,
                },
                () = place.sent_away() => return,
                () = &mut asked => return,
            }
        };
        let busy = agent.stopping.busy();
        let reply = agent::answer(agent, &frame, &mut Caller::new(&mut input, &mut output, peer, agent)).await;
        let written = timeout(agent::WRITE_WITHIN, output.write_all(&reply)).await;
        drop((busy, turn));
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
        if agent.stopping.is_asked() {
            // Whoever asked for the end waits for this connection to close, which happens when the process is gone.
            return std::future::pending().await;
        }
    }
}

/// Whether the other side has closed the connection, and not only its own direction of it.
fn has_gone(stream: &Stream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Stream::UdSocket(stream) = stream;
    let mut fds = [PollFd::new(stream, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().contains(PollFlags::HUP)
}

async fn idle(agent: &Agent, idle_exit: Option<Duration>) {
    match idle_exit {
        Some(time) => {
            agent.stopping.idle().await;
            sleep(time).await;
        }
        None => std::future::pending().await,
    }
}

/// What a connection has sent and nobody has read yet; bounded, and zeroed when it goes.
#[derive(Default)]
struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    /// The next line; `None` at the end of the stream, or if the line is too long.
    async fn frame(&mut self, input: &mut (impl AsyncRead + Unpin)) -> Option<Zeroizing<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.0[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.0.split_off(searched + at + 1);
                let mut frame = std::mem::replace(&mut self.0, Zeroizing::new(rest));
                frame.pop();
                return Some(frame);
            }
            searched = self.0.len();
            if searched >= MAX_FRAME {
                return None;
            }
            self.make_room();
            if input.read_buf(&mut *self.0).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Grows by copying to a new place and zeroing the old one, which `Vec` alone would not do.
    fn make_room(&mut self) {
        if self.0.len() == self.0.capacity() {
            let size = (self.0.capacity() * 2).clamp(256, MAX_FRAME);
            let mut larger = Zeroizing::new(Vec::with_capacity(size));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
    }
}
