use std::pin::pin;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::task::yield_now;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::crowd::Crowd;
use crate::agent::{self, Agent, Asker, Caller, Peer};
use crate::wire::MAX_FRAME;

/// How long a connection may take to say something.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// How many connections may wait at once: for their process to say something, or for their turn.
const MAX_WAITING: usize = 512;

/// How many requests of one process may be under way at once; more wait for their turn.
const MAX_TURNS: usize = 64;

/// Answers one request after the other until either side ends.
pub(super) async fn converse(stream: Stream, peer: Peer, token: Option<&str>, agent: &Agent, crowd: &Crowd<u32>) {
    let (mut input, mut output) = (&stream, &stream);
    let mut buffer = Buffer::default();
    let mut asked = pin!(agent.stopping.asked());
    loop {
        // After one turn of the runtime the next request, or the end, is most often there, and no timer need be set.
        yield_now().await;
        let (frame, turn) = {
            let mut place = crowd.join(peer.pid, MAX_WAITING);
            let request = async {
                let frame = timeout(REQUEST_WITHIN, buffer.frame(&mut input)).await.ok()??;
                let turn = crowd.turn(peer.pid, MAX_TURNS).await;
                // Nobody works for who went while waiting.
                (!turn.had_to_wait() || !has_gone(&stream)).then_some((frame, turn))
            };
            tokio::select! {
                biased;
                request = request => match request {
                    Some(request) => request,
                    None => return,
                },
                () = place.sent_away() => return,
                () = &mut asked => return,
            }
        };
        let busy = agent.stopping.busy();
        let asker = Asker::Process { peer, door: token };
        let reply = agent::answer(agent, &frame, &mut Caller::new(&mut input, &mut output, asker, agent)).await;
        let written = timeout(agent::WRITE_WITHIN, output.write_all(&reply)).await;
        drop((busy, turn));
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
        if agent.stopping.is_asked() {
            // Whoever asked for the end waits for this connection to close, which happens when the process is gone.
            return std::future::pending().await;
        }
    }
}

/// Whether the other side has closed the connection, and not only its own direction of it.
fn has_gone(stream: &Stream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Stream::UdSocket(stream) = stream;
    let mut fds = [PollFd::new(stream, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().contains(PollFlags::HUP)
}

/// What a connection has sent and nobody has read yet; bounded, and zeroed when it goes.
#[derive(Default)]
struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    /// The next line; `None` at the end of the stream, or if the line is too long.
    async fn frame(&mut self, input: &mut (impl AsyncRead + Unpin)) -> Option<Zeroizing<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.0[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.0.split_off(searched + at + 1);
                let mut frame = std::mem::replace(&mut self.0, Zeroizing::new(rest));
                frame.pop();
                return Some(frame);
            }
            searched = self.0.len();
            if searched >= MAX_FRAME {
                return None;
            }
            self.make_room();
            if input.read_buf(&mut *self.0).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Grows by copying to a new place and zeroing the old one, which `Vec` alone would not do.
    fn make_room(&mut self) {
        if self.0.len() == self.0.capacity() {
            let size = (self.0.capacity() * 2).clamp(256, MAX_FRAME);
            let mut larger = Zeroizing::new(Vec::with_capacity(size));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
    }
}
