//! Which program connected. The kernel says which process it was; a process may become another program, or end and leave its
//! number to another process, so its program is looked up before anything is read, and named only if it still is that process.

use interprocess::local_socket::tokio::Stream;

use crate::agent::Peer;
use crate::base;

/// A process of this user. One in a PID namespace that cannot be seen from here has no number, and no program that is known.
pub(super) fn peer(stream: &Stream) -> Option<Peer> {
    let Stream::UdSocket(socket) = stream;
    let peer = base::Peer::of(socket).ok().filter(base::Peer::is_ours)?;
    let pid = peer.pid.and_then(|pid| u32::try_from(pid).ok());
    let exe = pid.and_then(|pid| program(stream, pid));
    Some(Peer { uid: peer.uid, pid: pid.unwrap_or_default(), exe })
}

#[cfg(target_os = "linux")]
fn program(stream: &Stream, pid: u32) -> Option<String> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Stream::UdSocket(stream) = stream;
    let process = process(stream, pid)?;
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    // What was read is of this process only if it had not ended by then; and if nobody holds the other end any more, the
    // program that did may have made room for this one.
    let mut fds = [PollFd::new(&process, PollFlags::IN), PollFd::new(stream, PollFlags::empty())];
    let ended = poll(&mut fds, Some(&Timespec::default())).ok()?;
    (ended == 0).then(|| program.to_string_lossy().into_owned())
}

#[cfg(not(target_os = "linux"))]
fn program(_: &Stream, _: u32) -> Option<String> {
    None
}

/// The process itself, which no other can be taken for.
#[cfg(target_os = "linux")]
fn process(stream: &impl std::os::fd::AsFd, pid: u32) -> Option<std::os::fd::OwnedFd> {
    use nix::errno::Errno;
    use nix::sys::socket::{getsockopt, sockopt::PeerPidfd};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    match getsockopt(stream, PeerPidfd) {
        // Before Linux 6.5 there is only the number, of a process that holds the connection still.
        Err(Errno::ENOPROTOOPT) => pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok(),
        process => process.ok(),
    }
}
