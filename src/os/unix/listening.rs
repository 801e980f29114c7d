use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::{Listener as Bound, Stream as Accepted};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};
use tokio::io::{AsyncRead, AsyncWrite};

use super::super::common::{ListenError, PeerId};
use super::file::{FileFacts, FileId};
use super::local::{fits, is_answered, peer};

/// Where this process lets in who connects.
#[derive(Debug)]
pub struct Listener(Bound);

/// The name by which others find a listener, ours for as long as the file with this name is the one that was made for
/// it.
#[derive(Debug)]
pub struct Name {
    path: PathBuf,
    id: FileId,
}

/// A connection that another process made to this one.
#[derive(Debug)]
pub struct Stream(Accepted);

impl Listener {
    /// Listens where nobody else does, for the user's own processes only; what somebody who died left behind is
    /// removed.
    pub fn bind(path: &Path) -> Result<(Listener, Name), ListenError> {
        if !fits(path) {
            return Err(ListenError::TooLong);
        }
        match FileFacts::of_name(path) {
            Ok(found) if found.is_socket() && is_answered(path) => return Err(ListenError::Taken),
            Ok(found) if found.is_socket() => std::fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::from(io::ErrorKind::AlreadyExists).into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let name = path.to_fs_name::<GenericFilePath>()?;
        // The umask is 077 and the directory is closed: there is no moment at which others could connect.
        let options = ListenerOptions::new().name(name).mode(0o600).reclaim_name(false);
        let listener = Listener(options.create_tokio()?);
        let name = Name::of(path).ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        Ok((listener, name))
    }

    /// Goes on with one that is listened at already.
    pub(super) fn of(listener: UnixListener) -> io::Result<Listener> {
        listener.set_nonblocking(true)?;
        Ok(Listener(Bound::UdSocket(OwnedFd::from(listener).try_into()?)))
    }

    /// The next one who connects. Dropped before, nobody is lost.
    pub async fn accept(&self) -> io::Result<Stream> {
        self.0.accept().await.map(Stream)
    }
}

impl Name {
    /// Of a listener that somebody else made.
    pub fn of(path: &Path) -> Option<Name> {
        Some(Name { path: path.to_owned(), id: FileId::of_name(path)? })
    }

    /// Where others find it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether whoever connects to this name comes to us.
    pub fn stands(&self) -> bool {
        FileId::of_name(&self.path) == Some(self.id)
    }

    /// Removes the name, unless it has become another's.
    pub fn remove(&self) {
        if self.stands() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Stream {
    /// Who connected.
    pub fn peer(&self) -> io::Result<PeerId> {
        let Accepted::UdSocket(stream) = &self.0;
        peer(stream)
    }

    /// To read from and to write to, at the same time.
    pub fn halves(&self) -> (impl AsyncRead + Send + Unpin + '_, impl AsyncWrite + Send + Unpin + '_) {
        (&self.0, &self.0)
    }

    /// The program of the process that connected, as long as it surely is that process' program: a process may become
    /// another program, or end and leave its number to another process. To be asked before anything is read.
    #[cfg(target_os = "linux")]
    pub fn program(&self, pid: u32) -> Option<String> {
        let Accepted::UdSocket(stream) = &self.0;
        let process = process(stream, pid)?;
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        // What was read is of this process only if it had not ended by then; and if nobody holds the other end any
        // more, the program that did may have made room for this one.
        let mut fds = [PollFd::new(&process, PollFlags::IN), PollFd::new(stream, PollFlags::empty())];
        let ended = poll(&mut fds, Some(&Timespec::default())).ok()?;
        (ended == 0).then(|| program.to_string_lossy().into_owned())
    }

    /// Not known on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn program(&self, _: u32) -> Option<String> {
        None
    }

    /// Ends the connection for both sides; whoever reads or writes here finds it ended.
    pub fn hang_up(&self) {
        let Accepted::UdSocket(stream) = &self.0;
        let _ = shutdown(stream, Shutdown::Both);
    }

    /// Whether the other side has closed the connection, and not only its own direction of it.
    pub fn has_hung_up(&self) -> bool {
        let Accepted::UdSocket(stream) = &self.0;
        let mut fds = [PollFd::new(stream, PollFlags::empty())];
        poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().contains(PollFlags::HUP)
    }
}

/// The process itself, which no other can be taken for.
#[cfg(target_os = "linux")]
fn process(stream: &impl std::os::fd::AsFd, pid: u32) -> Option<OwnedFd> {
    use nix::errno::Errno;
    use nix::sys::socket::{getsockopt, sockopt::PeerPidfd};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    match getsockopt(stream, PeerPidfd) {
        // Before Linux 6.5 there is only the number, of a process that holds the connection still.
        Err(Errno::ENOPROTOOPT) => pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok(),
        process => process.ok(),
    }
}
