use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Message;
use crate::msg;

/// Who holds a lock that was waited for in vain, where the system says so: a process of another machine, or of another
/// PID namespace, is nobody here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockHolder {
    pid: Option<u32>,
    program: Option<String>,
}

impl LockHolder {
    /// Of the lock on this file.
    pub fn of(file: &File) -> LockHolder {
        let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
        let pid = file.metadata().ok().and_then(|found| find(&locks, found.dev(), found.ino()));
        let comm = pid.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok());
        LockHolder { pid, program: comm.map(|name| name.trim_end().to_owned()).filter(|name| !name.is_empty()) }
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// Whether it is a program of this name.
    pub fn is(&self, name: &str) -> bool {
        self.program.as_deref() == Some(name)
    }

    /// That they hold the lock on this file.
    pub fn message(&self, path: &Path) -> Message {
        let path = path.display();
        match (self.pid, &self.program) {
            (Some(pid), Some(program)) => msg!("file-locked-by", path = path, pid = pid, program = program),
            (Some(pid), None) => msg!("file-locked-by", path = path, pid = pid, program = "?"),
            (None, _) => msg!("file-locked", path = path),
        }
    }
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

/// The process that holds a whole-file lock, in the text of /proc/locks (proc_locks(5)). Some filesystems name another
/// device there than `stat` does; then the inode has to do, if only one lock has it.
fn find(locks: &str, device: u64, inode: u64) -> Option<u32> {
    let held = locks.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, "ADVISORY", "WRITE", pid, place, ..] = fields.as_slice() else { return None };
        let mut place = place.split(':');
        let [major, minor] = [place.next()?, place.next()?].map(|part| u32::from_str_radix(part, 16).ok());
        let of = (rustix::fs::makedev(major?, minor?), place.next()?.parse::<u64>().ok()?);
        Some((of, pid.parse::<u32>().ok().filter(|pid| *pid > 0)?))
    });
    let same: Vec<_> = held.filter(|((_, of), _)| *of == inode).collect();
    let exact = same.iter().find(|((on, _), _)| *on == device);
    exact.or(same.first().filter(|_| same.len() == 1)).map(|(_, pid)| *pid)
}

#[cfg(test)]
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
        let on = |major, minor| rustix::fs::makedev(major, minor);
        assert_eq!(find(locks, on(8, 1), 77), Some(41));
        assert_eq!(find(locks, on(0xfd, 0), 77), Some(42));
        assert_eq!(find(locks, on(9, 9), 77), None, "either could be meant");
        assert_eq!(find(locks, on(9, 9), 80), Some(44));
        assert_eq!((find(locks, on(8, 1), 78), find(locks, on(8, 1), 79)), (None, None));
    }
}
