use std::io;

use super::calls::processes;
use super::calls::security::Descriptor;
use super::user::UserId;

/// What this user's other processes may do with this one (winnt.h): wait for its end, ask its name, and end it. Reading
/// its memory is the system's.
const ALLOWED: u32 = 0x0010_1001;

/// Nothing this process makes is for others, and nobody reads its memory: not a debugger of the same user without an
/// administrator's rights, not a report of a crash.
pub fn keep_to_itself() -> io::Result<()> {
    let user = UserId::own().name();
    Descriptor::parse(&format!("D:P(A;;0x{ALLOWED:x};;;{user})(A;;GA;;;SY)"))?.guard_process()?;
    processes::report_no_memory()
}

/// There is no limit to raise.
pub fn raise_open_files() -> io::Result<()> {
    Ok(())
}

/// Without end.
pub fn open_files() -> Option<u64> {
    None
}

/// There is no such call for all of it.
pub fn lock_memory() -> bool {
    false
}
