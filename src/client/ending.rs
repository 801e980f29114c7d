//! Ends the agent. It is asked first, and has time to finish what it began; a process is ended only after the lock file
//! showed that it is this agent's.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Client;
use super::ask::is_absent;
use super::connection::{is_gone, is_silent};
use crate::base::LockOwner;
use crate::os::process;
use crate::wire::{Fault, Stop, reason};

/// Longer than the agent takes to finish what was begun.
const ENDED_WITHIN: Duration = Duration::from_secs(25);

/// What an agent that gave no answer is given to end after the system's signal.
const TERMINATED_WITHIN: Duration = Duration::from_secs(10);

/// What the system needs to end a process.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// How an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It finished what it had begun, as it was asked to.
    Itself,
    /// It did not answer, or not end, and its process was ended. Holds the process id.
    ByForce(u32),
    /// There was no agent.
    Absent,
}

impl Client {
    /// Ends the agent, and returns once it is gone. One that does not answer, or is still there after 25 seconds, is
    /// ended as a process, which is found by the lock that it holds.
    ///
    /// Fails where whoever asks may not end it, where the process does not end, and where it runs on another machine.
    pub fn end_agent(&self) -> Result<Ended, Fault> {
        let asked = self.ask_last(&Stop {}, ENDED_WITHIN);
        // Only now: an agent of other directories sends whoever asks it to another socket, whose lock this is then.
        let lock = self.paths().agent_lock();
        match asked {
            Ok(true) => Ok(Ended::Itself),
            Ok(false) => end_by_force(&lock),
            Err(fault) if is_gone(&fault) => end_by_force(&lock).map(|ended| match ended {
                Ended::Absent => Ended::Itself,
                other => other,
            }),
            Err(fault) if is_absent(&fault) => end_by_force(&lock),
            Err(fault) if is_silent(&fault) => match end_by_force(&lock)? {
                Ended::Absent => Err(fault),
                ended => Ok(ended),
            },
            Err(fault) => Err(fault),
        }
    }

    /// The process that holds the lock of this socket's agent, whether or not it can be reached.
    pub fn lock_owner(&self) -> Option<LockOwner> {
        LockOwner::of(&self.paths().agent_lock())
    }
}

fn end_by_force(lock: &Path) -> Result<Ended, Fault> {
    let Some(owner) = LockOwner::of(lock) else { return Ok(Ended::Absent) };
    if !owner.is_here() {
        return Err(elsewhere(&owner, lock));
    }
    if !owner.is_agent_here() {
        return Err(not_ended(&owner));
    }
    let steps: [(fn(u32), Duration); 2] = [(process::ask_to_end, TERMINATED_WITHIN), (process::kill, KILLED_WITHIN)];
    for (end, within) in steps {
        end(owner.pid);
        let until = Instant::now() + within;
        while Instant::now() < until {
            if LockOwner::of(lock).as_ref() != Some(&owner) {
                return Ok(Ended::ByForce(owner.pid));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Err(not_ended(&owner))
}

fn not_ended(owner: &LockOwner) -> Fault {
    reason::Agent::NotEnded { pid: owner.pid }.into()
}

fn elsewhere(owner: &LockOwner, lock: &Path) -> Fault {
    let host = owner.machine.host.to_string();
    reason::Agent::OnAnotherMachine { pid: owner.pid, host, path: lock.to_owned() }.into()
}
