//! A call to an API, with bodies that are streamed in both directions, as large as they may be.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Response};
use tokio::sync::mpsc;
use url::Url;

use super::error::failed;
use super::http::awaited;
use super::{Http, HttpError};

/// The client's own limit for a whole answer is meant for logins; whoever streams has limits for silence.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A request to a server's API.
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The whole URL.
    pub url: Url,
    /// The headers, without `Authorization`.
    pub headers: HeaderMap,
    /// The value of `Authorization`, which is marked so that nothing that prints headers shows it.
    pub authorization: Option<HeaderValue>,
    /// The body, if there is one.
    pub body: Option<Outgoing>,
}

/// A body on its way to a server, wherever its pieces come from. Whatever fails in it breaks the request off.
pub struct Outgoing(Pin<Box<dyn Body<Data = Bytes, Error = io::Error> + Send + Sync>>);

/// A server's answer whose head has arrived and whose body is still coming.
pub struct Answering {
    response: Response,
    /// Parts of the body that were read ahead by [`Answering::short_body`].
    begun: VecDeque<Result<Bytes, HttpError>>,
}

/// A request body that is sent piece by piece. If its [`Uploader`] is dropped before the end the request is broken off,
/// so that half a body is never taken for a whole one.
pub struct Upload {
    pieces: mpsc::Receiver<Option<Bytes>>,
    left: Option<u64>,
    ended: bool,
}

/// The other end of an [`Upload`], which takes its pieces. It holds one at a time.
pub struct Uploader(mpsc::Sender<Option<Bytes>>);

/// The place for the next piece of a body.
pub struct Room<'a>(mpsc::Permit<'a, Option<Bytes>>);

impl Http {
    /// Sends a call, and returns as soon as the answer's head is there. Redirects are not followed.
    pub async fn call(&self, call: Call) -> Result<Answering, HttpError> {
        let mut headers = call.headers;
        if let Some(mut authorization) = call.authorization {
            authorization.set_sensitive(true);
            headers.insert(AUTHORIZATION, authorization);
        }
        let _waiting = awaited(&call.url);
        let mut request = self.request(call.method, call.url).headers(headers).timeout(NEVER);
        if let Some(body) = call.body {
            request = request.body(reqwest::Body::wrap(body));
        }
        let answering = |response| Answering { response, begun: VecDeque::new() };
        request.send().await.map(answering).map_err(|error| failed(&error))
    }
}

impl Outgoing {
    /// This body.
    pub fn new(body: impl Body<Data = Bytes, Error = io::Error> + Send + Sync + 'static) -> Outgoing {
        Outgoing(Box::pin(body))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.as_mut().poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Answering {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The protocol version as in a status line, such as `HTTP/1.1`.
    pub fn version(&self) -> String {
        format!("{:?}", self.response.version())
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next part of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        match self.begun.pop_front() {
            Some(begun) => begun.map(Some),
            None => self.response.chunk().await.map_err(|error| failed(&error)),
        }
    }

    /// The whole body, if it has at most `most` bytes; `None` if it is longer or was cut short. What was read comes
    /// again from [`Answering::chunk`].
    pub async fn short_body(&mut self, most: usize) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            match self.response.chunk().await {
                Ok(None) => return Some(body),
                Ok(Some(chunk)) => {
                    body.extend_from_slice(&chunk);
                    self.begun.push_back(Ok(chunk));
                }
                Err(error) => {
                    self.begun.push_back(Err(failed(&error)));
                    return None;
                }
            }
            if body.len() > most {
                return None;
            }
        }
    }
}

/// A body of this many bytes, or of unknown length, and the end that takes its pieces.
pub fn upload(length: Option<u64>) -> (Uploader, Upload) {
    let (sender, pieces) = mpsc::channel(1);
    (Uploader(sender), Upload { pieces, left: length, ended: length == Some(0) })
}

impl Uploader {
    /// Waits until the connection takes another piece; `None` if it will take no more.
    pub async fn room(&self) -> Option<Room<'_>> {
        self.0.reserve().await.ok().map(Room)
    }
}

impl Room<'_> {
    /// Sends the next piece, or with `None` the end of the body.
    pub fn fill(self, piece: Option<Vec<u8>>) {
        self.0.send(piece.map(Bytes::from));
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Some(piece)) => {
                self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
                Some(Ok(Frame::data(piece)))
            }
            Some(None) if self.left.is_none_or(|left| left == 0) => {
                self.ended = true;
                None
            }
            // Shorter than was said, or its sender is gone.
            Some(None) | None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
