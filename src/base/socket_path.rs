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
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{AgentLock, LockOwner, Machine, private_file};

/// The longest path that a socket can have here; sockaddr_un has a byte more.
pub const MAX_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Whether a socket can have this path.
pub fn fits_socket(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() <= MAX_SOCKET_PATH
}

/// Where the agent's socket lies where nobody says so: below the runtime directory, if it is one as the XDG Base Directory
/// specification wants it; else below the one that the system makes for this user; else in the state directory, under a name
/// of this machine, because a home may be shared; else in a directory of ours below `/tmp`, which whoever uses it checks.
pub(super) fn find(state: &Path) -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    let of_user = PathBuf::from(format!("/run/user/{user}"));
    let runtime = dirs::runtime_dir().into_iter().chain(cfg!(target_os = "linux").then_some(of_user));
    let in_runtime = runtime.map(|dir| dir.join("loom/agent.sock")).find(|path| is_runtime(path));
    let in_state = || {
        let usual = state.join(format!("agent-{}.sock", Machine::short_name()));
        fits_state(&usual).then(|| of_former_name(&usual).unwrap_or(usual))
    };
    in_runtime.or_else(in_state).unwrap_or_else(|| format!("/tmp/loom-{user}/agent.sock").into())
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

/// Whether the socket's directory is there and ours, or can be made in one that is, and leaves room for the longest of our
/// names.
fn is_runtime(socket: &Path) -> bool {
    if !fits_socket(&socket.with_file_name("agent-0123456789abcdef.sock")) {
        return false;
    }
    let Some((own, runtime)) = socket.parent().and_then(|own| Some((own, own.parent()?))) else { return false };
    is_ours_alone(runtime) || private_file::closed_dir(own).is_ok()
}

fn fits_state(socket: &Path) -> bool {
    let Some(state) = socket.parent().filter(|_| fits_socket(socket)) else { return false };
    let there = state.ancestors().find(|dir| dir.symlink_metadata().is_ok());
    match there {
        Some(dir) if dir == state => is_ours_alone(dir) && is_writable(dir),
        Some(dir) => is_writable(dir),
        None => false,
    }
}

fn is_ours_alone(dir: &Path) -> bool {
    let found = dir.metadata();
    found.is_ok_and(|found| {
        found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
    })
}

fn is_writable(dir: &Path) -> bool {
    access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// The variable that decides where the socket is, or could.
pub fn socket_variable() -> &'static str {
    deciding(&["LOOM_AGENT_SOCK"]).unwrap_or("XDG_RUNTIME_DIR")
}

/// The first of these variables that is set, which is the one that decides.
pub(super) fn deciding(variables: &[&'static str]) -> Option<&'static str> {
    let is_set = |name: &&&str| std::env::var_os(name).is_some_and(|value| value != OsStr::new(""));
    variables.iter().find(is_set).copied()
}
