//! Floor 0: the system that loom runs on, and the only place that names one. It knows users, files, processes and streams, and
//! nothing of loom.
//!
//! This file is the contract. Each room says what its names mean and what a system has to give for them; the code stands in a
//! folder for each kind of system, `unix` so far. Another one is a folder with the same names: what it lacks does not compile.
//! No name here takes or returns what only one system has. What can fail says so by [`std::io::Error`], or by an enum where
//! the floors above go different ways.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as system;

/// Users. Windows has security identifiers, which are no numbers: who asks for [`user::UserId::number`] there needs a field more.
pub mod user {
    pub use super::system::user::UserId;
}

/// Files as they are found, and reading and writing within them. What is asked of a file is asked of one look at it, so that it
/// is the same file all along.
///
/// On Windows the identity is the volume with the file's index, and who may do what stands in the file's access list: each
/// entry that names neither the owner nor the system is one of others.
pub mod file {
    pub use super::system::file::{FileFacts, FileId, open_named, read_at, read_exact_at, write_all_at};
}

/// Files and directories that are their owner's alone from their first moment: 0600 and 0700, or an access list that names
/// nobody else and is not inherited. Where a directory cannot be synced, its names are on the disk with the file.
pub mod private {
    pub use super::system::private::{OpenError, check_writable, create_dir, create_dirs, is_usable, open, sync_dir};
}

/// Locks on whole files, which end with the process that holds them. Where they are mandatory, as on Windows, nobody else reads
/// the file meanwhile: a lock that says who has it needs a second file there. Who holds one is said where the system knows it.
pub mod lock {
    pub use super::system::lock::{Holder, exclusive, holder, try_exclusive};
}

/// Processes by their numbers, which are given out again: a number stands for a process only together with when it was
/// started.
pub mod process {
    pub use super::system::process::{
        Look, ask_to_end, become_command, exit_code, is_there, kill, look, nudge, started,
    };
}

/// The machine, and the container on it. What a system does not say is empty, and nobody is told apart by it.
pub mod machine {
    pub use super::system::machine::{container, id, name, name_space, process_space, start};
}

/// A clock that goes on while the machine sleeps, and that nobody sets.
pub mod clock {
    pub use super::system::clock::since_start;
}

/// What is known of disks.
pub mod filesystem {
    pub use super::system::filesystem::is_local;
}

/// Where programs keep things for a user, by the conventions of the system. Two of these may be one directory, as on macOS.
pub mod directories {
    pub use super::system::directories::{below_temporary, config, home, runtime, state};
}

/// Connections to a process of this machine, and who is at the other end of one. Sockets in the file system, or named pipes: a
/// pipe has no directory that says who may have made it, so that its peer is all there is to ask. Where reading cannot be given
/// a time, as with pipes, a second thread has to watch it.
pub mod local {
    pub use super::system::local::{ConnectError, MAX_PATH, PeerId, Stream, fits, is_answered};
}

/// The other side of them: a process that lets others in. The listener is its user's alone, by the mode of the socket or the
/// access list of the pipe, and there is one only. A pipe's name always stands and goes with its process.
#[cfg(feature = "agent")]
pub mod listening {
    pub use super::system::listening::{ListenError, Listener, Name, Stream};
}

/// What happens to names in a directory. Where nothing tells of it, making one is an error, and whoever wants to know looks
/// from time to time.
#[cfg(feature = "agent")]
pub mod changes {
    pub use super::system::changes::Changes;
}

/// What a process is told from outside: signals, or events of a console and events with a name. A service that is told to stop
/// gets [`signals::Order::End`].
#[cfg(feature = "agent")]
pub mod signals {
    pub use super::system::signals::{Nudges, Order, Orders, outlive_hangups};
}

/// Whoever starts and watches the services of a user: systemd. Where there is none, nothing is given and nobody is told.
#[cfg(feature = "agent")]
pub mod service_manager {
    pub use super::system::service_manager::{Given, listener, say_ready, say_stopping};
}

/// The terminal that a person sits at, or a console. Where there is none, nothing is hidden and nothing put back.
pub mod terminal {
    pub use super::system::terminal::{Before, Hush, to_write};
}

/// Standard streams, where `std` does not reach: reading with a time needs a thread where nobody tells what can be read.
pub mod streams {
    pub use super::system::streams::{input_file, let_go_of_output, read_input};
}

/// The end of this process after a time, whatever it waits for. A thread does where the system has no alarm.
pub mod alarm {
    pub use super::system::alarm::{cancel, end_after};
}

/// What keeps a process' memory and files to itself. A system that has one of these by other means, or always, does nothing.
pub mod hardening {
    pub use super::system::hardening::{keep_to_itself, lock_memory, open_files, raise_open_files};
}

/// Programs that go on when the one who started them is gone, and keep nothing of it. Where streams are handed on to every
/// program that is started, as on Windows, [`background::prepare`] has to stop that: who reads them would wait for ever.
pub mod background {
    pub use super::system::background::{close_inherited, leave_session, prepare};
}

/// The session of the user that this process belongs to.
pub mod session {
    pub use super::system::session::{has_display, is_variable};
}

/// What unit tests need to make.
#[cfg(test)]
pub mod fixture {
    pub use super::system::fixture::{ENDLESS, MADE_UP, link, pipe};
}
