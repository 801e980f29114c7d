use crate::agent::Peer;
use crate::os::listening::Stream;

/// A process of this user, and the program it runs, which is looked up before anything is read. One in a PID namespace
/// that cannot be seen from here has no number, and no program that is known.
pub(super) fn peer(stream: &Stream) -> Option<Peer> {
    let peer = stream.peer().ok().filter(|peer| peer.user.is_own())?;
    let exe = peer.pid.and_then(|pid| stream.program(pid));
    Some(Peer { user: peer.user, pid: peer.pid.unwrap_or_default(), exe })
}
