use std::fs::{File, TryLockError};
use std::io;

use super::super::common::Holder;
#[cfg(target_os = "linux")]
use super::{file::FileId, process};

/// Locks the whole file for this process alone; `false` if another process has it locked. The lock ends when the file
/// is closed, also by a crash.
pub fn try_exclusive(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Locks the whole file as [`try_exclusive`] does, and waits for as long as another process has it locked.
pub fn exclusive(file: &File) -> io::Result<()> {
    file.lock()
}

/// Who has the lock on this file. A process of another machine, or of another PID namespace, is nobody here.
#[cfg(target_os = "linux")]
pub fn holder(file: &File) -> Option<Holder> {
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = find(&locks, FileId::of(file).ok()?)?;
    Some(Holder { pid, program: process::program(pid) })
}

/// Nothing says it here.
#[cfg(not(target_os = "linux"))]
pub fn holder(_: &File) -> Option<Holder> {
    None
}

/// The process that holds a whole-file lock, in the text of /proc/locks (proc_locks(5)). Some filesystems name another
/// device there than `stat` does; then the inode has to do, if only one lock has it.
#[cfg(target_os = "linux")]
fn find(locks: &str, file: FileId) -> Option<u32> {
    let held = locks.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, "ADVISORY", "WRITE", pid, place, ..] = fields.as_slice() else { return None };
        let mut place = place.split(':');
        let [major, minor] = [place.next()?, place.next()?].map(|part| u32::from_str_radix(part, 16).ok());
        let of = (rustix::fs::makedev(major?, minor?), place.next()?.parse::<u64>().ok()?);
        Some((of, pid.parse::<u32>().ok().filter(|pid| *pid > 0)?))
    });
    let same: Vec<_> = held.filter(|((_, number), _)| *number == file.number()).collect();
    let exact = same.iter().find(|((device, _), _)| *device == file.device());
    exact.or(same.first().filter(|_| same.len() == 1)).map(|(_, pid)| *pid)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_a_lock_is_found_by_device_and_inode() {
        let locks = "1: FLOCK  ADVISORY  WRITE 41 08:01:77 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 50 08:01:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 42 fd:00:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 0 08:01:78 0 EOF\n\
                     4: FLOCK  ADVISORY  READ  43 08:01:79 0 EOF\n\
                     5: POSIX  ADVISORY  WRITE 44 00:2c:80 0 EOF\n";
        let find = |major, minor, number| find(locks, FileId::new(rustix::fs::makedev(major, minor), number));
        assert_eq!(find(8, 1, 77), Some(41));
        assert_eq!(find(0xfd, 0, 77), Some(42));
        assert_eq!(find(9, 9, 77), None, "either could be meant");
        assert_eq!(find(9, 9, 80), Some(44));
        assert_eq!((find(8, 1, 78), find(8, 1, 79)), (None, None));
    }
}
