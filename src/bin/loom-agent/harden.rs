//! What keeps the agent's memory to itself.

use rustix::io::Result;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

/// Everything that is freed is zeroed first: what libraries copy on the way, from sockets, JSON, HTTP and TLS, as much as
/// what loom's own types zero.
#[global_allocator]
static ZEROING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Nothing this process makes is for others, and nobody reads its memory: not a debugger of the same user, not a core file.
pub fn harden() -> Result<()> {
    umask(rustix::fs::Mode::from_raw_mode(0o077));
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // Room for a crowd of connections, where the system grants it.
    let files = getrlimit(Resource::Nofile);
    let wanted = files.maximum.map_or(4096, |hard| hard.min(4096));
    if files.current.is_some_and(|soft| soft < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: files.maximum })?;
    }
    Ok(())
}

/// Keeps the memory out of swap; `false` where the system does not allow that.
///
/// Only without a limit: under one, memory that is needed later would be refused, and the agent would end.
pub fn lock_memory() -> bool {
    let _ = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None });
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    // What is never touched takes no memory, locked or not.
    unlimited && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}
