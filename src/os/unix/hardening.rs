use std::io;

use rustix::fs::Mode;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

/// As many files and connections as a process should be able to have open.
const WANTED_FILES: u64 = 4096;

/// Nothing this process makes is for others, and nobody reads its memory: not a debugger of the same user, not a core file.
pub fn keep_to_itself() -> io::Result<()> {
    umask(Mode::from_raw_mode(0o077));
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
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
pub fn lock_memory() -> bool {
    let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    // What is never touched takes no memory, locked or not.
    unlimited && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}
