//! What is said in the same words on every system: purposes, answers and errors of the calls in [`os`](super).

use std::io;

use super::system::user::UserId;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// To read what is there.
    Read,
    /// To read and change what is there.
    Change,
    /// As [`Opening::Change`], and what is not there is made.
    ChangeOrCreate,
    /// To write at its end, and what is not there is made.
    AppendOrCreate,
    /// To read and change what nothing may have the name of.
    New,
}

/// Why a file was not opened.
#[derive(Debug)]
pub enum OpenError {
    /// A link, a pipe or a socket has the name.
    NotPlain,
    /// Anything else; no such file is [`io::ErrorKind::NotFound`].
    Io(io::Error),
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> io::Error {
        match error {
            OpenError::NotPlain => io::ErrorKind::InvalidInput.into(),
            OpenError::Io(error) => error,
        }
    }
}

/// Why a connection was not made.
#[derive(Debug)]
pub enum ConnectError {
    /// Nobody listens there.
    Absent,
    /// Somebody listens, and took nobody in within the time.
    Busy,
    /// Anything else.
    Io(io::Error),
}

/// Why a process is not confined.
#[derive(Debug)]
pub enum ConfineError {
    /// The system has nothing of the kind.
    Unsupported,
    /// It does not allow this user to do it.
    Step {
        /// What was to be done.
        step: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

/// Who is at the other end of a connection, by what the system says of the connection itself: a name says who may have
/// put a listener there, which is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerId {
    /// Whose rights it had when it connected, where the system noted that; else has.
    pub user: UserId,
    /// Its number; nothing where it lives in a PID namespace that cannot be seen from here.
    pub pid: Option<u32>,
}

/// Why nobody can be listened for under a name.
#[derive(Debug)]
pub enum ListenError {
    /// Somebody else listens there.
    Taken,
    /// It is no name for a listener here, or longer than one may be.
    TooLong,
    /// Anything else.
    Io(io::Error),
}

impl From<io::Error> for ListenError {
    fn from(error: io::Error) -> ListenError {
        ListenError::Io(error)
    }
}

/// A program that is to be started when its user logs in, as each kind of system wants to be told.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug)]
pub struct AtLogin<'a> {
    /// Its name among all that are started.
    pub name: &'a str,
    /// Where it lies.
    pub program: &'a std::path::Path,
    /// Where it listens.
    pub socket: &'a std::path::Path,
    /// How the texts below name the program.
    pub usual_program: &'a str,
    /// How each of them names its socket.
    pub usual_sockets: &'a [&'a str],
    /// For systemd: names and texts of its units; the first is the one to enable.
    pub units: &'a [(&'a str, &'a str)],
    /// For launchd: a property list.
    pub property_list: &'a str,
    /// What stands in each file that was written for it: a file without may be anybody's.
    pub mark: &'a str,
}

#[cfg(feature = "cli")]
impl AtLogin<'_> {
    /// One of the texts, with the program and its socket as the service manager reads them.
    pub fn filled(&self, text: &str, program: &str, socket: &str) -> String {
        let text = text.replace(self.usual_program, program);
        self.usual_sockets.iter().fold(text, |text, usual| text.replace(usual, socket))
    }
}

/// What is written no more.
#[cfg(feature = "cli")]
#[derive(Debug)]
pub struct NoMoreAtLogin {
    /// Where it was.
    pub place: std::path::PathBuf,
    /// Why what was started then may go on: nobody could tell the service manager.
    pub untold: Option<AtLoginError>,
}

/// Why it was not said, or not unsaid, that a program is to be started.
#[cfg(feature = "cli")]
#[derive(Debug)]
pub enum AtLoginError {
    /// Somebody else wrote what stands there.
    NotOurs(std::path::PathBuf),
    /// The user has no directory for it.
    NoHome,
    /// The service manager's program refused, in these words, or could not be run.
    Refused { program: String, said: String },
    /// It cannot be written there.
    Io { place: std::path::PathBuf, error: io::Error },
}

/// What the system says of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The name of its program, perhaps cut, and whose rights it has.
    Found { program: String, user: Option<UserId> },
    /// There is none with this number.
    Absent,
    /// This system says nothing of it.
    Unsaid,
}

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// The name of its program, where the system says it.
    pub program: Option<String>,
}

/// What a person, or the system on their behalf, tells a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Finish what was begun, and end.
    End,
    /// From a screen locker, or before the machine sleeps.
    Lock,
}
