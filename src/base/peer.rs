use std::io;
use std::os::fd::AsFd;

use interprocess::local_socket::traits::StreamCommon;

/// Who is at the other end of a local connection, as the kernel noted it when the connection was made: a path says who may
/// have put a socket there, which is another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub uid: u32,
    /// Nothing where it lives in a PID namespace that cannot be seen from here.
    pub pid: Option<i32>,
}

impl Peer {
    #[cfg(target_os = "linux")]
    pub fn of(stream: &(impl StreamCommon + AsFd)) -> io::Result<Peer> {
        use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
        // Not by `rustix`, in whose type no process has the number 0, nor by `interprocess`, to which one that has it is none.
        let creds = getsockopt(stream, PeerCredentials)?;
        Ok(Peer { uid: creds.uid(), pid: Some(creds.pid()).filter(|pid| *pid > 0) })
    }

    #[cfg(not(target_os = "linux"))]
    pub fn of(stream: &(impl StreamCommon + AsFd)) -> io::Result<Peer> {
        let creds = stream.peer_creds()?;
        let uid = creds.euid().ok_or(io::ErrorKind::Unsupported)?;
        Ok(Peer { uid, pid: creds.pid() })
    }

    /// Whether it is a process of the same user as this one.
    pub fn is_ours(&self) -> bool {
        self.uid == rustix::process::geteuid().as_raw() && !is_anybody(self.uid)
    }
}

/// Whether every user of the machine has this number here: in a user namespace that maps nobody, this process included.
fn is_anybody(uid: u32) -> bool {
    const NOBODY: u32 = 65534;
    let maps = |line: &str| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first.saturating_add(count)).contains(&uid.into()))
    };
    uid == NOBODY && std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !map.lines().any(maps))
}
