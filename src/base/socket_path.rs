//! Where the agent's socket lies.
//!
//! Every program finds it out for itself, from the environment and what is there: a runtime directory as the XDG
//! specification wants it, else `/run/user/UID`, else the state directory under a name of the machine, else one of ours
//! below `/tmp`. That name is made of the host's, of what the kernel drew when it started, and in a container of its
//! PID namespace: a copied machine id makes no two alike. Where the host was renamed, its agent is found by what stands
//! in its lock (`Machine::is_known_as`). What earlier starts left, the agent sweeps away, if nobody has its lock. A
//! login over SSH so finds the desktop's agent, and two machines with one home have one each. A front-end that starts
//! an agent tells it the path. What is kept is read without writing anything, and where a place cannot be used the hint
//! names the variable that decides it (`Paths::variable_behind`).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{AgentLock, LockOwner, Machine, private_file};
use crate::os::file::FileFacts;
use crate::os::local::{fits, own_name};
use crate::os::{directories, private};

/// Where the agent's socket lies where nobody says so: where the system has a place for that; else below the runtime
/// directory, if it is one as the XDG Base Directory specification wants it; else below the one that the system makes
/// for this user; else in the state directory, under a name of this machine, because a home may be shared; else in a
/// directory of ours below `/tmp`, which whoever uses it checks.
pub(super) fn find(state: &Path) -> PathBuf {
    if let Some(name) = own_name("loom") {
        return name;
    }
    let in_runtime = directories::runtime().map(|dir| dir.join("loom/agent.sock")).find(|path| is_runtime(path));
    let in_state = || {
        let usual = state.join(format!("agent-{}.sock", Machine::short_name()));
        fits_state(&usual).then(|| of_former_name(&usual).unwrap_or(usual))
    };
    in_runtime.or_else(in_state).unwrap_or_else(|| directories::below_temporary("loom").join("agent.sock"))
}

/// Where the agent is that was started while this machine had another name, if nothing has the present one.
fn of_former_name(socket: &Path) -> Option<PathBuf> {
    if private_file::is_there(socket) {
        return None;
    }
    let here = Machine::here();
    let is_here = |lock: &PathBuf| LockOwner::of(lock).is_some_and(|owner| owner.machine.is_known_as(&here));
    AgentLock::beside(socket.parent()?).find(is_here).map(|lock| lock.with_extension(""))
}

/// Whether the socket's directory is there and ours, or can be made in one that is, and leaves room for the longest of
/// our names.
fn is_runtime(socket: &Path) -> bool {
    if !fits(&socket.with_file_name("agent-0123456789abcdef.sock")) {
        return false;
    }
    let Some((own, runtime)) = socket.parent().and_then(|own| Some((own, own.parent()?))) else { return false };
    is_ours_alone(runtime) || private_file::closed_dir(own).is_ok()
}

fn fits_state(socket: &Path) -> bool {
    let Some(state) = socket.parent().filter(|_| fits(socket)) else { return false };
    let there = state.ancestors().find(|dir| dir.symlink_metadata().is_ok());
    match there {
        Some(dir) if dir == state => is_ours_alone(dir) && private::is_usable(dir),
        Some(dir) => private::is_usable(dir),
        None => false,
    }
}

fn is_ours_alone(dir: &Path) -> bool {
    FileFacts::of_target(dir).is_ok_and(|found| found.is_dir() && found.is_ours() && !found.is_open_to_others())
}

/// The environment variable that decides where the socket is, or would decide it if it were set.
pub fn socket_variable() -> &'static str {
    deciding(&["LOOM_AGENT_SOCK"]).unwrap_or("XDG_RUNTIME_DIR")
}

/// The first of these variables that is set, which is the one that decides.
pub(super) fn deciding(variables: &[&'static str]) -> Option<&'static str> {
    let is_set = |name: &&&str| std::env::var_os(name).is_some_and(|value| value != OsStr::new(""));
    variables.iter().find(is_set).copied()
}
