//! Floor 0: what the operating system gives, and the only place that names one.
//!
//! This file is the contract. Each module below says what its names mean and what another system has to provide for
//! them. The code stands in one folder per kind of system, `unix` and `windows`. A port is a folder with the same names
//! and one line here; what it lacks does not compile.
//!
//! - No name takes or returns a type that only one system has: users are [`user::UserId`], processes are numbers
//!   (`u32`), facts of files are [`file::FileFacts`].
//! - An error is a [`std::io::Error`], or an enum where callers must tell cases apart. Where a system cannot say
//!   something, the answer is `None`, empty or [`process::Look::Unsaid`], never a guess.
//! - Nothing here knows loom: no texts, no paths of loom's, no protocol.

mod common;
#[cfg(all(feature = "cli", not(target_os = "linux")))]
mod unconfined;
#[cfg(unix)]
mod unix;
#[cfg(all(feature = "agent", not(target_os = "linux")))]
mod untold;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// Users of the machine.
///
/// Windows: the security identifier. It is no number, so the wire and the audit log, which name users by
/// [`user::UserId::number`], need a field more there.
pub mod user {
    pub use super::system::user::UserId;
}

/// What one look at a file tells, which file it is, and reading and writing at an offset.
///
/// Every question about a file is asked of one [`file::FileFacts`], so that all answers are about the same file.
///
/// Windows: the identity is volume and file index. "Others" are all whom an entry of the access list names besides the
/// owner, the system and its administrators.
pub mod file {
    pub use super::system::file::{FileFacts, FileId, open_named, read_at, read_exact_at, resolve, write_all_at};
}

/// Files and directories that belong to their owner alone from the moment they are made.
///
/// [`private::open`] never follows a link and never waits for a pipe; it checks nothing else, which the caller does by
/// [`file::FileFacts`]. When [`private::sync_dir`] returns, names in the directory survive a power cut.
///
/// Unix: modes 0600 and 0700. Windows: a protected access list that names the owner only; directories need no sync.
pub mod private {
    pub use super::common::{OpenError, Opening};
    pub use super::system::private::{check_writable, create_dir, create_dirs, is_usable, open, sync_dir};
}

/// Giving files their names. At every instant, also after a crash, a name means the whole old file or the whole new
/// one.
///
/// When [`naming::replace`] and [`naming::create`] return, a power cut does not undo them; [`naming::rename`] leaves
/// that to [`private::sync_dir`].
///
/// A program that acts by the name it is started under gets further ones by [`naming::add_name`].
///
/// Windows: a file that somebody has open is replaced by `rename`, not by what `tempfile` calls, and one must not be
/// locked any more when it takes its place. A name that is refused for a moment (errors 5 and 32) is tried again. A
/// further name is a hard link, or a copy: symbolic links are for administrators there.
pub mod naming {
    pub use super::system::naming::{add_name, create, is_name_of, rename, replace};
}

/// Exclusive locks on whole files. They end with the open file, so also when the process is killed.
///
/// Windows: such a lock keeps others from reading, so that who holds it has to be written into a second file, and a
/// file has to be unlocked before it is renamed over another.
pub mod lock {
    pub use super::common::Holder;
    pub use super::system::lock::{exclusive, holder, try_exclusive};
}

/// Processes by number. Numbers are used again: compare [`process::started`] before you act on one.
///
/// Windows: [`process::nudge`] sets a named event; [`process::become_command`] starts the command, waits, and ends with
/// its code.
pub mod process {
    pub use super::common::Look;
    pub use super::system::process::{ask_to_end, become_command, exit_code, is_there, kill, look, nudge, started};
}

/// The machine, when it was started, and the container on it. What the system does not say is an empty text.
pub mod machine {
    pub use super::system::machine::{container, id, is_in_windows, name, name_space, process_space, start};
}

/// A clock that goes on while the machine sleeps and that nobody can set.
pub mod clock {
    pub use super::system::clock::since_start;
}

/// Which disks belong to this machine. For a file system that is not known the answer is no.
pub mod filesystem {
    pub use super::system::filesystem::is_local;
}

/// Where programs keep a user's things by the system's conventions; `None` without a home. macOS: two of these are one
/// directory.
pub mod directories {
    pub use super::system::directories::{below_temporary, config, home, runtime, state};
}

/// Connections to another process of this machine, and who is at the other end.
///
/// A listener's name is a path. Where it lies in a directory ([`local::directory`]), the directory's rights count, and
/// files that belong to the listener can lie beside it.
///
/// Windows: named pipes. [`local::own_name`] is `\\.\pipe\…` with the user's identifier, and there is no directory; the
/// peer is found by the pipe's process. A pipe has no time limit for reading: [`local::Stream::read_within`] needs a
/// second thread.
pub mod local {
    pub use super::common::{ConnectError, PeerId};
    pub use super::system::local::{MAX_PATH, Stream, directory, fits, is_answered, own_name};
}

/// Listening for such connections. Only the user's own processes can connect, and only one process listens under a
/// name.
///
/// Windows: an access list on the first instance of the pipe. Its [`listening::Name`] stands for as long as the process
/// lives, and [`listening::Stream::has_hung_up`] is `false` where the pipe cannot be asked.
#[cfg(feature = "agent")]
pub mod listening {
    pub use super::common::ListenError;
    pub use super::system::listening::{Listener, Name, Stream};
}

/// Running a command where there is nothing of the user's session but files: no network but a loopback, no processes of
/// others, and nothing of what is hidden.
///
/// Linux: namespaces. Elsewhere [`confinement::begin`] is an error.
#[cfg(feature = "cli")]
pub mod confinement {
    pub use super::common::ConfineError;
    #[cfg(target_os = "linux")]
    pub use super::system::confinement::{IS_THERE, begin, finish, usual, wait_for};
    #[cfg(not(target_os = "linux"))]
    pub use super::unconfined::{IS_THERE, begin, finish, usual, wait_for};
}

/// Connections that only hand bytes on, both ways at once.
///
/// Windows: no program can be told of a pipe in place of a socket, so [`relay::Socket::bind`] is an error.
pub mod relay {
    pub use super::system::relay::{Receiving, Sending, Socket, halves};
}

/// Changes of names in a directory. Where the system does not report them, making one is an error, and the caller looks
/// from time to time.
#[cfg(feature = "agent")]
pub mod changes {
    pub use super::system::changes::Changes;
}

/// What a process is told from outside.
///
/// Unix: signals. Windows: events of the console, the end of the session, and named events.
#[cfg(feature = "agent")]
pub mod signals {
    pub use super::common::Order;
    pub use super::system::signals::{Nudges, Orders, outlive_hangups};
}

/// The program that starts a user's services and may hold their listeners. Without one, no listener is given and nobody
/// is told.
///
/// Linux: systemd. macOS: launchd, which is not told.
#[cfg(feature = "agent")]
pub mod service_manager {
    pub use super::system::service_manager::{Given, listener, say_ready, say_stopping};
}

/// The terminal of the process, wherever its standard streams lead. Without one nothing is hidden and nothing restored.
///
/// Windows: the console, `CONIN$` and `CONOUT$`.
pub mod terminal {
    pub use super::system::terminal::{Before, Hush, to_write};
}

/// Standard streams, where `std` has no way: reading with a time limit, input as a file, letting go of output.
pub mod streams {
    pub use super::system::streams::{input_file, let_go_of_output, read_input};
}

/// Ends this process after some seconds, even while it waits for the system. A thread will do where there is no such
/// timer.
///
/// A process may leave its last words for that: they are said by one only, whoever comes first.
pub mod alarm {
    pub use super::system::alarm::{cancel, end_after, end_now, keep_last_words, take_last_words};
}

/// What the system starts when its user logs in. What somebody else wrote there stays as it is.
///
/// Linux: units of the user's systemd. macOS: a property list for launchd. Windows: a value of the user's Run key.
#[cfg(feature = "cli")]
pub mod at_login {
    pub use super::common::{AtLogin, AtLoginError, NoMoreAtLogin};
    pub use super::system::at_login::{add, remove};
}

/// Keeps a process' memory and files from others. An error means that the process must not hold secrets; what a system
/// does always, or cannot do at all, is no error, and SECURITY.md says where that is so.
pub mod hardening {
    pub use super::system::hardening::{keep_to_itself, lock_memory, open_files, raise_open_files};
}

/// How much memory this process has, and giving back what can be had again.
///
/// Elsewhere than on Linux nothing is given back, and less is known.
#[cfg(feature = "agent")]
pub mod memory {
    pub use super::system::memory::{Unchanging, resident};
}

/// Programs that outlive whoever started them and keep nothing of theirs.
///
/// Windows: [`background::prepare`] has to take this process' own streams from what programs inherit, or whoever reads
/// them waits until the program in the background ends.
pub mod background {
    pub use super::system::background::{close_inherited, leave_session, prepare};
}

/// The user's session: whether it has a screen, and which variables of the environment describe it.
pub mod session {
    pub use super::system::session::{has_display, is_variable};
}

/// Links, pipes and odd files for the unit tests of other floors.
#[cfg(test)]
pub mod fixture {
    pub use super::system::fixture::{ENDLESS, MADE_UP, link, pipe};
}
