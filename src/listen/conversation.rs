//! One connection to a socket, request after request. What it sent and nobody has read is bounded, it is waited for
//! only so long, and one party has only so many requests under way; more wait for their turn.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::buffer::Buffer;
use super::crowd::Turn;
use super::foreign::{self, Spoken};
use super::hall::Hall;
use crate::access::Standing;
use crate::agent::{self, Asker, Busy, Caller, Party, Peer, Place};
use crate::os::listening::Stream;

/// How long a connection may take to say something.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may take to say something once the agent stops. Whoever had connected before is about to ask.
const LAST_WORD_WITHIN: Duration = Duration::from_secs(1);

/// How many requests of one party may be under way at once; more wait for their turn. As many may last.
const MAX_TURNS: usize = 64;

/// A request that is under way for so long lasts: it may go on for minutes, and is not to keep short ones waiting.
const LASTS_AFTER: Duration = Duration::from_secs(5);

/// Who made a connection, and at which socket.
pub(super) struct Visitor {
    hall: Arc<Hall>,
    peer: Peer,
    standing: Option<Arc<Standing>>,
    party: Party,
    /// The connection's place, taken when it comes in, so that room is made before the next one comes.
    place: Place,
    /// The agent does not end while a request of theirs may be on the way.
    stay: Busy,
}

impl Visitor {
    pub(super) fn new(hall: Arc<Hall>, peer: Peer, standing: Option<Arc<Standing>>) -> Visitor {
        // Everybody at a socket with a token of its own is one party: a container behind it could otherwise have as
        // many shares as it starts processes.
        let token = standing.as_deref().and_then(|standing| standing.ids().next());
        let party = token.map_or(Party::process(peer.pid), Party::token);
        let stay = hall.agent.stopping.busy();
        let place = hall.crowd.join(party.clone());
        Visitor { hall, peer, standing, party, place, stay }
    }
}

/// Answers one request after the other until either side ends, or the one who has most connections has to make room.
pub(super) async fn converse(stream: Stream, visitor: Visitor) {
    let Visitor { hall, peer, standing, party, mut place, stay } = visitor;
    let (agent, crowd) = (&*hall.agent, &hall.crowd);
    let (mut input, mut output) = stream.halves();
    let mut buffer = Buffer::default();
    let asker = Asker::Process { peer: &peer, door: standing.as_deref() };
    if standing.is_some() {
        let first = tokio::select! {
            first = timeout(REQUEST_WITHIN, buffer.first_of(1, &mut input)) => first.ok().flatten().map(|bytes| bytes[0]),
            () = place.sent_away() => None,
            () = agent.stopping.asked() => None,
        };
        let Some(first) = first else { return };
        let spoken = Spoken::of(first);
        if spoken != Spoken::Frames {
            let _request = agent.stopping.request();
            tokio::select! {
                () = foreign::serve(spoken, agent, asker, &mut buffer, &mut input, &mut output) => {}
                () = place.sent_away() => {}
            }
            return;
        }
    }
    loop {
        // After one turn of the runtime the next request, or the end, is most often there, and no timer need be set.
        yield_now().await;
        let (frame, mut turn) = {
            let mut frame = pin!(timeout(REQUEST_WITHIN, buffer.frame(&mut input)));
            let frame = tokio::select! {
                biased;
                frame = &mut frame => frame,
                () = place.sent_away() => return,
                () = agent.stopping.asked() => timeout(LAST_WORD_WITHIN, frame).await.and_then(|frame| frame),
            };
            let Ok(Some(frame)) = frame else { return };
            let turn = match crowd.turn_now(party.clone(), MAX_TURNS) {
                Some(turn) => Some(turn),
                // The question whether the agent lives takes no turn: else a program that waits for many answers would
                // take a busy agent for a dead one.
                None if agent::is_hello(&frame) => None,
                None => tokio::select! {
                    biased;
                    turn = crowd.turn(party.clone(), MAX_TURNS) => Some(turn),
                    () = place.sent_away() => return,
                },
            };
            // The caller may have hung up while it waited for its turn: then nothing is done for it.
            if turn.as_ref().is_some_and(Turn::had_to_wait) && stream.has_hung_up() {
                return;
            }
            (frame, turn)
        };
        let request = agent.stopping.request();
        let settled = Notify::new();
        let mut handover = None;
        let written = {
            let mut answered = pin!(async {
                let reply = {
                    let caller = Caller::new(&mut input, &mut output, asker, agent).telling(&settled);
                    let mut caller = caller.handing_over(&mut handover);
                    agent::answer(agent, &frame, &mut caller).await
                };
                timeout(agent::WRITE_WITHIN, output.write_all(&reply)).await
            });
            let mut lasts = pin!(sleep(LASTS_AFTER));
            let mut is_short = true;
            loop {
                tokio::select! {
                    biased;
                    written = &mut answered => break matches!(written, Ok(Ok(()))),
                    () = settled.notified(), if turn.is_some() => turn = None,
                    () = &mut lasts, if turn.is_some() && is_short => {
                        is_short = false;
                        turn = crowd.lasting_turn(party.clone(), MAX_TURNS).or(turn.take());
                    }
                    () = place.sent_away() => {
                        // Treated as if the caller had hung up: waiting for them ends, and what was begun is finished.
                        stream.hang_up();
                        let _ = answered.await;
                        break false;
                    }
                }
            }
        };
        drop(turn);
        if let Some(handover) = handover.filter(|_| written) {
            // From here on the connection carries no frames, and what is under way ends with it.
            let read = buffer.take();
            tokio::select! {
                () = agent.hand_on(&handover, &read, &mut input, &mut output) => {}
                () = place.sent_away() => {}
            }
            return;
        }
        drop(request);
        if !written {
            return;
        }
        if agent.stopping.is_asked() && buffer.is_empty() {
            // Whoever asked for the end waits for this connection to close, which happens when the process is gone.
            drop(stay);
            return std::future::pending().await;
        }
    }
}
