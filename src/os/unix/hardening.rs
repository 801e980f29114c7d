use std::io;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

/// As many files and connections as a process should be able to have open.
const WANTED_FILES: u64 = 4096;

/// Nothing this process makes is for others, and nobody reads its memory: not a debugger of the same user, not a core
/// file.
pub fn keep_to_itself() -> io::Result<()> {
    umask(Mode::from_raw_mode(0o077));
    hide_memory()?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// Makes room for a crowd of connections, as far as the system grants it.
pub fn raise_open_files() -> io::Result<()> {
    let files = getrlimit(Resource::Nofile);
    let wanted = files.maximum.map_or(WANTED_FILES, |hard| hard.min(WANTED_FILES));
    if files.current.is_some_and(|soft| soft < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: files.maximum })?;
    }
    Ok(())
}

/// How many files and connections this process can have open at once; `None` is without end.
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Keeps the memory out of swap; `false` where the system does not allow that.
///
/// Only without a limit: under one, memory that is needed later would be refused, and the process would end.
#[cfg(target_os = "linux")]
pub fn lock_memory() -> bool {
    use rustix::mm::{MlockAllFlags, mlockall};
    let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    // What is never touched takes no memory, locked or not.
    unlimited && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}

/// There is no such call for all of it.
#[cfg(not(target_os = "linux"))]
pub fn lock_memory() -> bool {
    false
}

#[cfg(target_os = "linux")]
fn hide_memory() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Besides, a program that is signed with a hardened runtime lets nobody take its task port.
#[cfg(all(target_os = "macos", feature = "agent"))]
fn hide_memory() -> io::Result<()> {
    super::apple::deny_attach()
}

/// Not known here.
#[cfg(not(any(target_os = "linux", all(target_os = "macos", feature = "agent"))))]
fn hide_memory() -> io::Result<()> {
    Ok(())
}
