//! A verb's frame of a request, and its reply.
//!
//! The agent answers it as it answers a socket's: the verb's row says what it takes. The task goes on if the caller
//! goes; closing the in-memory stream tells the verb, as closing a socket would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, copy_bidirectional, duplex};
use zeroize::Zeroizing;

use super::shared::Shared;
use crate::agent::{self, Asker, Caller, Guest, Place};
use crate::base::Locale;
use crate::listen::crowd::Turn;
use crate::wire::{Fault, MAX_FRAME, Pieces, Reply, Verb, print_more, print_request, reason};

/// How many requests of one token, person or stranger's address may be under way at once; more wait for their turn.
const MAX_TURNS: usize = 64;

/// Somebody who was let in, and what they ask: frames of verbs, which the agent answers as it answers a socket's.
#[derive(Clone)]
pub(super) struct Asking {
    shared: Arc<Shared>,
    guest: Guest,
    locale: Locale,
}

/// A request that is being answered, with events on the way. Dropping it tells the agent that nobody listens any more.
pub(super) struct Conversation {
    lines: BufReader<DuplexStream>,
    /// Set once the request had to end because somebody who has fewer needed its place.
    made_room: Arc<AtomicBool>,
}

impl Asking {
    pub(super) fn new(shared: Arc<Shared>, guest: Guest, locale: Locale) -> Asking {
        Asking { shared, guest, locale }
    }

    /// Asks and waits for the answer.
    pub(super) async fn ask<V: Verb>(&self, question: &V) -> Result<V::Reply, Fault> {
        let _turn = self.turn().await;
        let mut conversation = self.begin(question, None);
        loop {
            match conversation.next::<V::Reply, IgnoredAny>().await? {
                Reply::Ok(answer) => return Ok(answer),
                Reply::Error(fault) => return Err(fault),
                Reply::Event(_) => {}
            }
        }
    }

    /// Asks, and collects the events on the way to the answer.
    pub(super) async fn collect<V: Verb, E: DeserializeOwned>(&self, question: &V) -> Result<Vec<E>, Fault> {
        let _turn = self.turn().await;
        let (mut conversation, mut events) = (self.begin(question, None), Vec::new());
        loop {
            match conversation.next::<V::Reply, E>().await? {
                Reply::Ok(_) => return Ok(events),
                Reply::Error(fault) => return Err(fault),
                Reply::Event(event) => events.push(event),
            }
        }
    }

    /// Asks for something that takes its time. There is room for so many at once, and whoever has most of them makes
    /// it.
    pub(super) fn stream<V: Verb>(&self, question: &V) -> Result<Conversation, Fault> {
        let place = self.shared.streams.join(self.shared.agent.gate.party(&self.guest)).ok_or_else(too_many)?;
        Ok(self.begin(question, Some(place)))
    }

    async fn turn(&self) -> Turn<'_> {
        self.shared.crowd.turn(self.shared.agent.gate.party(&self.guest).person(), MAX_TURNS).await
    }

    fn begin<V: Verb>(&self, question: &V, place: Option<Place>) -> Conversation {
        self.converse(print_request(question, self.locale, None), place)
    }

    /// Has the agent answer the frame in a task of its own, so that a browser that goes away does not cut off what was
    /// begun: only the agent decides where that may happen.
    fn converse(&self, frame: Zeroizing<Vec<u8>>, place: Option<Place>) -> Conversation {
        let (agent, guest) = (self.shared.agent.clone(), self.guest.clone());
        let (ours, theirs) = duplex(2 * MAX_FRAME);
        let made_room = Arc::new(AtomicBool::new(false));
        let theirs = match place {
            Some(place) => while_there_is_room(place, theirs, made_room.clone()),
            None => theirs,
        };
        tokio::spawn(async move {
            let _asked = agent.stopping.request();
            let (mut input, mut output) = tokio::io::split(theirs);
            let reply = {
                let mut caller = Caller::new(&mut input, &mut output, Asker::Guest(&guest), &agent);
                agent::answer(&agent, &frame, &mut caller).await
            };
            let _ = output.write_all(&reply).await;
        });
        Conversation { lines: BufReader::new(ours), made_room }
    }
}

impl Conversation {
    pub(super) async fn next<T: DeserializeOwned, E: DeserializeOwned>(&mut self) -> Result<Reply<T, E>, Fault> {
        Reply::parse(&self.line().await?).map_err(|_| internal())
    }

    /// The next line, put together where it came in pieces.
    async fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut pieces = Pieces::default();
        loop {
            let mut frame = self.frame().await?;
            frame.pop();
            if let Some(line) = pieces.take(frame).map_err(|_| internal())? {
                return Ok(line);
            }
        }
    }

    async fn frame(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut line = Zeroizing::new(Vec::new());
        let mut limited = (&mut self.lines).take(MAX_FRAME as u64);
        let read = limited.read_until(b'\n', &mut line).await;
        matches!(read, Ok(1..))
            .then_some(line)
            .ok_or_else(|| if self.made_room.load(Ordering::Relaxed) { too_many() } else { internal() })
    }

    /// Returns once there is something to read. Dropped before, nothing is lost.
    pub(super) async fn stirs(&mut self) {
        let _ = self.lines.fill_buf().await;
    }

    /// Says what an event asked for.
    pub(super) async fn say(&mut self, more: &impl serde::Serialize) -> Result<(), Fault> {
        self.lines.get_mut().write_all(&print_more(more)).await.map_err(|_| internal())
    }
}

/// The agent's side of a stream, which is closed when this one has to make room, whether or not anybody reads.
fn while_there_is_room(mut place: Place, mut theirs: DuplexStream, made_room: Arc<AtomicBool>) -> DuplexStream {
    let (end, mut joint) = duplex(2 * MAX_FRAME);
    tokio::spawn(async move {
        tokio::select! {
            _ = copy_bidirectional(&mut joint, &mut theirs) => {}
            () = place.sent_away() => made_room.store(true, Ordering::Relaxed),
        }
    });
    end
}

fn too_many() -> Fault {
    reason::Rights::TooMany { seconds: 5 }.into()
}

/// The fault where no reply came: the agent ended, or answering the request panicked.
fn internal() -> Fault {
    reason::Request::Internal.into()
}
