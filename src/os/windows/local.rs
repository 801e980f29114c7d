use std::cell::Cell;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY, ERROR_SEM_TIMEOUT};
use windows_sys::Win32::System::Threading::PROCESS_QUERY_LIMITED_INFORMATION;

use super::super::common::{ConnectError, PeerId};
use super::calls::pipes::{self, Pipe};
use super::calls::{processes, security};
use super::user::UserId;

/// The longest name that a pipe can have.
pub const MAX_PATH: usize = 256;

/// What the name of every pipe begins with.
const PIPES: &str = r"\\.\pipe\";

/// A connection of this process to one that listens, for who waits for its answers.
#[derive(Debug)]
pub struct Stream {
    pipe: Pipe,
    read_within: Cell<Option<Duration>>,
    write_within: Duration,
}

/// The name for the listener of this user's program: no other user's has it, and none can be mistaken for it.
pub fn own_name(program: &str) -> Option<PathBuf> {
    Some(PathBuf::from(format!("{PIPES}{program}-{}", UserId::own().name())))
}

/// No directory has a say.
pub fn directory(_: &Path) -> Option<&Path> {
    None
}

/// Whether one can listen under this path.
pub fn fits(path: &Path) -> bool {
    let text = path.as_os_str().to_string_lossy();
    let is_pipe = text.get(..PIPES.len()).is_some_and(|start| start.eq_ignore_ascii_case(PIPES));
    is_pipe && text.len() > PIPES.len() && text.encode_utf16().count() <= MAX_PATH
}

/// Whether somebody listens there. One whose every place is taken does, so nothing is waited for.
pub fn is_answered(path: &Path) -> bool {
    match pipes::wait(path, Duration::from_millis(1)) {
        Ok(()) => true,
        Err(error) => error.raw_os_error() == Some(ERROR_SEM_TIMEOUT as i32),
    }
}

impl Stream {
    /// Connects, and gives what is written later as much time to be taken.
    pub fn connect(path: &Path, within: Duration) -> Result<Stream, ConnectError> {
        let connect = || match Pipe::connect(path) {
            Err(error) if number(&error) == Some(ERROR_PIPE_BUSY) => {
                pipes::wait(path, within)?;
                Pipe::connect(path)
            }
            connected => connected,
        };
        let pipe = connect().map_err(|error| match number(&error) {
            Some(ERROR_FILE_NOT_FOUND) => ConnectError::Absent,
            Some(ERROR_PIPE_BUSY | ERROR_SEM_TIMEOUT) => ConnectError::Busy,
            _ => ConnectError::Io(error),
        })?;
        Ok(Stream { pipe, read_within: Cell::new(None), write_within: within })
    }

    /// How long each reading may take from now on; `None` is as long as it takes. Afterwards it fails by
    /// [`io::ErrorKind::TimedOut`], and can be tried again.
    pub fn read_within(&self, time: Option<Duration>) -> io::Result<()> {
        self.read_within.set(time);
        Ok(())
    }

    /// What the system has of it.
    pub(super) fn into_pipe(self) -> Pipe {
        self.pipe
    }

    /// Who listens.
    pub fn peer(&self) -> io::Result<PeerId> {
        peer(self.pipe.server()?)
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(bytes, self.read_within.get())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.write(bytes, Some(self.write_within))
    }

    /// What was written is the pipe's.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Who the process with this number is. It could have ended, and its number be another's: that only this user can open
/// the pipe at all is what its access list sees to.
pub(super) fn peer(pid: u32) -> io::Result<PeerId> {
    let process = processes::open(pid, PROCESS_QUERY_LIMITED_INFORMATION)?;
    Ok(PeerId { user: UserId::of(security::process_user(&process)?), pid: Some(pid) })
}

fn number(error: &io::Error) -> Option<u32> {
    error.raw_os_error().map(|number| number as u32)
}
