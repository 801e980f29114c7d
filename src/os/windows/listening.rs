use std::io;
use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::{Listener as Bound, Stream as Accepted};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use interprocess::os::windows::local_socket::ListenerOptionsExt;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use tokio::io::{AsyncRead, AsyncWrite};
use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;
use windows_sys::Win32::System::Threading::PROCESS_QUERY_LIMITED_INFORMATION;

use super::super::common::{ListenError, PeerId};
use super::calls::{pipes, processes};
use super::local::{fits, is_answered, peer};
use super::user::UserId;

/// Where this process lets in who connects.
#[derive(Debug)]
pub struct Listener(Bound);

/// The name by which others find a listener: nobody else can have it while this process lives.
#[derive(Debug)]
pub struct Name {
    path: PathBuf,
}

/// A connection that another process made to this one.
#[derive(Debug)]
pub struct Stream(Accepted);

impl Listener {
    /// Listens where nobody else does, for the user's own processes on this machine only.
    pub fn bind(path: &Path) -> Result<(Listener, Name), ListenError> {
        if !fits(path) {
            return Err(ListenError::TooLong);
        }
        if is_answered(path) {
            return Err(ListenError::Taken);
        }
        let user = UserId::own().name();
        let only_own = format!("O:{user}D:P(A;;GA;;;{user})");
        let only_own = widestring::U16CString::from_str(only_own).map_err(io::Error::other)?;
        let name = path.to_fs_name::<GenericFilePath>()?;
        // The pipe's first instance, so nobody has made another of that name before; none of another machine's.
        let options =
            ListenerOptions::new().name(name).security_descriptor(SecurityDescriptor::deserialize(&only_own)?);
        match options.create_tokio() {
            Ok(bound) => Ok((Listener(bound), Name { path: path.to_owned() })),
            Err(error) if error.raw_os_error() == Some(ERROR_ACCESS_DENIED as i32) => Err(ListenError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// The next one who connects. Dropped before, nobody is lost.
    pub async fn accept(&self) -> io::Result<Stream> {
        self.0.accept().await.map(Stream)
    }
}

impl Name {
    /// Of a listener that somebody else made.
    pub fn of(path: &Path) -> Option<Name> {
        Some(Name { path: path.to_owned() })
    }

    /// Where others find it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether whoever connects to this name comes to us.
    pub fn stands(&self) -> bool {
        true
    }

    /// It goes with the listener.
    pub fn remove(&self) {}
}

impl Stream {
    /// Who connected.
    pub fn peer(&self) -> io::Result<PeerId> {
        let Accepted::NamedPipe(pipe) = &self.0;
        peer(pipes::client(pipe)?)
    }

    /// To read from and to write to, at the same time.
    pub fn halves(&self) -> (impl AsyncRead + Send + Unpin + '_, impl AsyncWrite + Send + Unpin + '_) {
        (&self.0, &self.0)
    }

    /// The program of the process that connected. To be asked before anything is read.
    pub fn program(&self, pid: u32) -> Option<String> {
        let process = processes::open(pid, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
        let program = processes::program(&process).ok()?;
        // Who holds the other end still is the process that has the number; a process keeps its program here.
        (!self.has_hung_up()).then(|| program.to_string_lossy().into_owned())
    }

    /// Ends the connection for both sides; whoever reads or writes here finds it ended.
    pub fn hang_up(&self) {
        let Accepted::NamedPipe(pipe) = &self.0;
        pipes::disconnect(pipe);
    }

    /// Whether the other side has closed the connection.
    pub fn has_hung_up(&self) -> bool {
        let Accepted::NamedPipe(pipe) = &self.0;
        pipes::has_ended(pipe)
    }
}
