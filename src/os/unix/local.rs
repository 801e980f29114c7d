use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interprocess::local_socket::Stream as Connected;
use interprocess::local_socket::traits::{Stream as _, StreamCommon};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect};

use super::super::common::{ConnectError, PeerId};
use super::user::UserId;

/// The longest path that a socket can have here; sockaddr_un has a byte more.
pub const MAX_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// A connection of this process to one that listens, for who waits for its answers.
#[derive(Debug)]
pub struct Stream(Connected);

/// The name for the listener of this user's program, where the system has a space for such names that is no directory.
pub fn own_name(_program: &str) -> Option<PathBuf> {
    None
}

/// The directory whose rights decide who can listen under this path; nothing where none has a say.
pub fn directory(path: &Path) -> Option<&Path> {
    Some(path.parent().unwrap_or(Path::new("/")))
}

/// Whether one can listen under this path.
pub fn fits(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= MAX_PATH
}

/// Whether somebody listens there. One with a full queue does, so nothing is waited for.
pub fn is_answered(path: &Path) -> bool {
    let answered = SocketAddrUnix::new(path).and_then(|address| {
        let stream = socket()?;
        ioctl_fionbio(&stream, true)?;
        connect(&stream, &address)
    });
    matches!(answered, Ok(()) | Err(Errno::AGAIN))
}

impl Stream {
    /// Connects, and gives what is written later as much time to be taken.
    pub fn connect(path: &Path, within: Duration) -> Result<Stream, ConnectError> {
        let connected = || {
            let address = SocketAddrUnix::new(path)?;
            let stream = socket()?;
            // It is that of the connecting too: a queue that nobody takes from is full one day.
            set_socket_timeout(&stream, Timeout::Send, Some(within))?;
            connect(&stream, &address)?;
            Ok(Stream(Connected::UdSocket(UnixStream::from(stream).into())))
        };
        connected().map_err(|error| match error {
            Errno::NOENT | Errno::CONNREFUSED => ConnectError::Absent,
            Errno::AGAIN => ConnectError::Busy,
            error => ConnectError::Io(error.into()),
        })
    }

    /// How long each reading may take from now on; `None` is as long as it takes. Afterwards it fails by
    /// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`], and can be tried again.
    pub fn read_within(&self, time: Option<Duration>) -> io::Result<()> {
        self.0.set_recv_timeout(time)
    }

    /// What the system has of it.
    pub(super) fn into_connected(self) -> Connected {
        self.0
    }

    /// Who listens.
    pub fn peer(&self) -> io::Result<PeerId> {
        let Connected::UdSocket(stream) = &self.0;
        peer(stream)
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One that no program inherits that this process starts.
#[cfg(target_os = "linux")]
fn socket() -> rustix::io::Result<OwnedFd> {
    use rustix::net::{SocketFlags, socket_with};
    socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

#[cfg(not(target_os = "linux"))]
fn socket() -> rustix::io::Result<OwnedFd> {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
pub(super) fn peer(stream: &(impl StreamCommon + AsFd)) -> io::Result<PeerId> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    // Not by `rustix`, in whose type no process has the number 0, nor by `interprocess`, to which one that has it is
    // none.
    let found = getsockopt(stream, PeerCredentials)?;
    Ok(PeerId { user: UserId::from_raw(found.uid()), pid: pid(found.pid()) })
}

#[cfg(target_os = "macos")]
pub(super) fn peer(stream: &(impl StreamCommon + AsFd)) -> io::Result<PeerId> {
    use nix::sys::socket::{getsockopt, sockopt::LocalPeerCred, sockopt::LocalPeerPid};
    let user = UserId::from_raw(getsockopt(stream, LocalPeerCred)?.uid());
    Ok(PeerId { user, pid: getsockopt(stream, LocalPeerPid).ok().and_then(pid) })
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn peer(stream: &(impl StreamCommon + AsFd)) -> io::Result<PeerId> {
    let found = stream.peer_creds()?;
    let user = found.euid().ok_or(io::ErrorKind::Unsupported)?;
    Ok(PeerId { user: UserId::from_raw(user), pid: found.pid().and_then(pid) })
}

fn pid(number: i32) -> Option<u32> {
    u32::try_from(number).ok().filter(|pid| *pid > 0)
}
