//! Bodies on their way through, of which never more than a piece is held.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::{Instant, Sleep, sleep};

use super::inflate::{Bomb, Inflate};
use crate::agent::api::Redactor;
use crate::net::call::Answering;
use crate::wire::Fault;

/// How long either side may say nothing, or take nothing, in the middle of a body.
pub(super) const SILENCE: Duration = Duration::from_secs(5 * 60);

/// What a client sends, from whichever door.
pub type Incoming = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The body of an answer.
pub type Reply = UnsyncBoxBody<Bytes, io::Error>;

/// What a client sends, as it is read here: without an encoding.
pub(super) struct Source {
    /// Whoever hands it on may ask from several threads, one after the other.
    body: Mutex<Incoming>,
    inflate: Option<Inflate>,
    /// How long it is, where that is known of what is read.
    left: Option<u64>,
    ended: bool,
    patience: Pin<Box<Sleep>>,
}

/// What goes to a server: what was written anew, and what follows it as it comes.
pub(super) struct Forwarded {
    before: VecDeque<Bytes>,
    rest: Option<Source>,
}

impl Source {
    /// The body of a request. `gzip` says that it is compressed.
    pub(super) fn new(body: Incoming, gzip: bool) -> Source {
        let left = body.size_hint().exact().filter(|_| !gzip);
        let inflate = gzip.then(Inflate::default);
        Source { body: Mutex::new(body), inflate, left, ended: false, patience: Box::pin(sleep(SILENCE)) }
    }

    /// How many bytes are left, where that is known.
    pub(super) fn left(&self) -> Option<u64> {
        self.left
    }

    /// Whether nothing is left, as far as can be told without reading.
    pub(super) fn is_empty(&self) -> bool {
        self.ended || self.left == Some(0)
    }

    /// The next piece, which is not empty; `None` at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// All of it, if it is no longer than this.
    pub(super) async fn all(&mut self, most: usize) -> io::Result<Option<Vec<u8>>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            if all.len() + piece.len() > most {
                return Ok(None);
            }
            all.extend_from_slice(&piece);
        }
        Ok(Some(all))
    }

    /// Reads what is left and drops it: a client that is still sending does not read an answer. So much at most.
    pub(super) async fn drain(&mut self, most: u64) {
        let mut drained = 0;
        while let Ok(Some(piece)) = self.next().await {
            drained += piece.len() as u64;
            if drained > most {
                return;
            }
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            if self.ended {
                return Poll::Ready(Ok(None));
            }
            if let Some(piece) = self.inflate.as_mut().map(Inflate::next).transpose().map_err(too_much)?.flatten() {
                return Poll::Ready(Ok(Some(piece)));
            }
            let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
            let frame = match Pin::new(body).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    ready!(self.patience.as_mut().poll(context));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            };
            self.patience.as_mut().reset(Instant::now() + SILENCE);
            match frame {
                Some(Ok(frame)) => {
                    let piece = frame.into_data().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                    match &mut self.inflate {
                        Some(inflate) => inflate.take(piece),
                        None if piece.is_empty() => {}
                        None => {
                            self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
                            return Poll::Ready(Ok(Some(piece)));
                        }
                    }
                }
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => {
                    self.ended = true;
                    self.inflate.as_mut().map(Inflate::end).transpose().map_err(too_much)?;
                }
            }
        }
    }
}

fn too_much(_: Bomb) -> io::Error {
    io::ErrorKind::InvalidData.into()
}

impl Forwarded {
    /// These bytes, and then what is left of the source.
    pub(super) fn new(before: impl IntoIterator<Item = Bytes>, rest: Option<Source>) -> Forwarded {
        Forwarded { before: before.into_iter().filter(|bytes| !bytes.is_empty()).collect(), rest }
    }
}

impl Body for Forwarded {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(bytes) = self.before.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        rest.poll_next(context).map(|piece| piece.transpose().map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        let before: u64 = self.before.iter().map(|bytes| bytes.len() as u64).sum();
        let rest = self.rest.as_ref().map_or(Some(0), |rest| if rest.ended { Some(0) } else { rest.left });
        rest.map_or_else(SizeHint::default, |rest| SizeHint::with_exact(before + rest))
    }
}

/// A body that is broken off when this comes.
pub(super) fn until(reply: Reply, over: Pin<Box<dyn Future<Output = Fault> + Send>>) -> Reply {
    let pieces = stream::unfold((reply, Some(over)), |(mut reply, over)| async move {
        let mut over = over?;
        let frame = tokio::select! {
            frame = reply.frame() => frame?,
            _ = &mut over => return Some((Err(io::ErrorKind::ConnectionAborted.into()), (reply, None))),
        };
        Some((frame, (reply, Some(over))))
    });
    StreamBody::new(pieces).boxed_unsync()
}

/// A body that is there.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Reply {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The rest of a server's answer as it comes, behind `before`; without what the redactor hides.
pub(super) fn rest_of(before: Vec<u8>, answer: Answering, redactor: Option<Redactor>) -> Reply {
    let state = (Some(before).filter(|before| !before.is_empty()), Some(answer), redactor);
    let pieces = stream::unfold(state, |(before, mut answer, mut redactor)| async move {
        if let Some(before) = before {
            return Some((Ok(Frame::data(Bytes::from(before))), (None, answer, redactor)));
        }
        let next = tokio::time::timeout(SILENCE, answer.as_mut()?.chunk()).await;
        let piece = match next {
            Ok(Ok(Some(piece))) => Ok(match &mut redactor {
                Some(redactor) => Bytes::from(redactor.next(&piece)),
                None => piece,
            }),
            Ok(Ok(None)) => {
                answer = None;
                Ok(Bytes::from(redactor.as_mut().map(Redactor::rest).unwrap_or_default()))
            }
            Ok(Err(_)) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        Some((piece.map(Frame::data), (None, answer, redactor)))
    });
    StreamBody::new(pieces).boxed_unsync()
}
