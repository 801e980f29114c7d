//! The agent's lock says who has it.
//!
//! It names the process, its start, boot, PID namespace, host. So a person is told of an agent on another machine, and
//! `loom agent stop` can end one here that does not answer: TERM, and after ten seconds KILL, only if number, start,
//! name and user are still those of that agent.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Machine;
use super::lock_holder::LockHolder;
use super::private_file::{self, PrivateFileError};
use crate::os::file::{FileId, write_all_at};
use crate::os::process::{Look, look, started};
use crate::os::user::UserId;

/// The lock beside a socket, held by the agent that owns it for as long as it lives.
#[derive(Debug)]
pub struct AgentLock {
    path: PathBuf,
    id: FileId,
    _file: File,
}

/// The agent that holds an [`AgentLock`], as it wrote itself into the lock file: whoever waits for the lock may be on
/// another machine, where the process id alone says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOwner {
    /// The process id, which means something only on `machine`.
    pub pid: u32,
    /// When the process was started, in the system's own count, so that a later process with its id is not taken for
    /// it.
    started: Option<u64>,
    /// The machine and PID namespace in which the process runs.
    #[serde(flatten)]
    pub machine: Machine,
}

impl AgentLock {
    /// Takes the lock and says in it who has it; `None` if somebody else has.
    pub fn take(path: &Path) -> Result<Option<AgentLock>, PrivateFileError> {
        let Some(file) = private_file::try_lock(path)? else { return Ok(None) };
        let id = FileId::of(&file).map_err(|error| io_error(path, error))?;
        // Removed between opening and locking: the next one would find another file there.
        if FileId::of_name(path) != Some(id) {
            return Ok(None);
        }
        // What a predecessor wrote names another process. A disk that is full takes nothing away from the lock, only
        // from what others can say of it.
        let _ = file.set_len(0);
        let _ = write(&file, &LockOwner::this_process());
        Ok(Some(AgentLock { path: path.to_owned(), id, _file: file }))
    }

    /// The paths of all agents' locks in this directory, whichever machine they are of.
    pub(super) fn beside(dir: &Path) -> impl Iterator<Item = PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| is_of_a_start(path))
    }

    /// Removes sockets and locks that agents of earlier machine starts left beside this lock: each start of the machine
    /// gives the socket another name. An agent that still runs holds its lock, so its files stay.
    pub fn sweep(&self) {
        let dir = self.path.parent().filter(|_| is_of_a_start(&self.path));
        let locks = dir.into_iter().flat_map(AgentLock::beside);
        for path in locks.filter(|path| *path != self.path) {
            if let Ok(Some(left)) = AgentLock::take(&path) {
                let socket = path.with_extension("");
                let beside = ["start", "unlock"].map(|kind| socket.with_added_extension(kind));
                beside.iter().chain([&socket, &left.path]).for_each(|path| drop(std::fs::remove_file(path)));
            }
        }
    }

    /// Whether the lock's file is still the one that others would try to lock.
    pub fn stands(&self) -> bool {
        FileId::of_name(&self.path) == Some(self.id)
    }
}

impl LockOwner {
    /// Reads who holds the lock file at `path`. `None` if nobody holds it, or if it cannot be told who does.
    pub fn of(path: &Path) -> Option<LockOwner> {
        let text = private_file::read(path).ok()??;
        // A file that nobody has locked was left by an agent that is gone.
        match private_file::try_lock(path) {
            // Written by whoever has it, and not by the one before.
            Ok(None) if private_file::read(path).ok()?? == text => {
                serde_json::from_slice(&text).ok().or_else(|| LockOwner::seen(path))
            }
            Ok(None) => LockOwner::seen(path),
            Ok(Some(_)) | Err(_) => None,
        }
    }

    /// Who holds the lock according to the system, where the file says nothing usable: an agent of an older Loom wrote
    /// nothing.
    fn seen(path: &Path) -> Option<LockOwner> {
        let pid = LockHolder::of(&private_file::open_to_read(path).ok()??).pid().filter(|pid| is_own_agent(*pid))?;
        Some(LockOwner { pid, started: started(pid), machine: Machine::here() })
    }

    fn this_process() -> LockOwner {
        let pid = std::process::id();
        LockOwner { pid, started: started(pid), machine: Machine::here() }
    }

    /// Whether the owner runs on this machine and in this PID namespace, where its process id means something.
    pub fn is_here(&self) -> bool {
        self.machine == Machine::here()
    }

    /// Whether the owner's process id still belongs to that same process: a `loom-agent` of this user on this machine.
    pub fn is_agent_here(&self) -> bool {
        self.is_here() && self.started == started(self.pid) && is_own_agent(self.pid)
    }
}

fn write(mut file: &File, owner: &LockOwner) -> io::Result<()> {
    let mut text = serde_json::to_vec(owner)?;
    text.push(b'\n');
    // In this order a reader sees the old text, the new one, or one that is cut, which is nobody's.
    write_all_at(file, &text, 0)?;
    file.set_len(text.len() as u64)?;
    io::Write::flush(&mut file)
}

/// Whether the path is a lock beside a socket that is named after a start of a machine, as `agent-01234567.sock.lock`
/// is ([`Machine::short_name`]).
fn is_of_a_start(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let start = name.strip_prefix("agent-").and_then(|rest| rest.strip_suffix(".sock.lock"));
    start.is_some_and(|start| start.len() == 8 && start.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether the process is a `loom-agent` of this user. Where the system does not say it counts as one: only an agent
/// writes itself into the lock.
fn is_own_agent(pid: u32) -> bool {
    match look(pid) {
        Look::Found { program, user } => program == "loom-agent" && user == Some(UserId::own()),
        Look::Absent => false,
        Look::Unsaid => true,
    }
}

fn io_error(path: &Path, error: io::Error) -> PrivateFileError {
    PrivateFileError::Io { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_who_has_it_for_as_long_as_somebody_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.sock.lock");
        let lock = AgentLock::take(&path).unwrap().unwrap();
        assert!(AgentLock::take(&path).unwrap().is_none());
        assert!(lock.stands());
        let owner = LockOwner::of(&path).unwrap();
        assert_eq!(owner, LockOwner::this_process());
        assert!(!owner.is_agent_here(), "this process is no agent");
        crate::os::naming::rename(&path, &dir.path().join("moved")).unwrap();
        let other = AgentLock::take(&path).unwrap().unwrap();
        assert!(!lock.stands());
        assert!(other.stands());
        drop(other);
        assert_eq!(LockOwner::of(&path), None);
    }
}
