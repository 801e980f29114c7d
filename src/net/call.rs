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

/// What is asked of a server.
pub struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    /// What proves who asks; not shown by anything that prints headers.
    pub authorization: Option<HeaderValue>,
    pub body: Option<Upload>,
}

/// A server's answer: its head, and its body as it comes.
pub struct Answering {
    response: Response,
    /// What was looked at before its turn.
    begun: VecDeque<Result<Bytes, HttpError>>,
}

/// A body on its way out. If its sender goes before it has ended, the request is broken off: half a body is never taken for
/// a whole one.
pub struct Upload {
    pieces: mpsc::Receiver<Option<Bytes>>,
    left: Option<u64>,
    ended: bool,
}

/// Where the pieces of an [`Upload`] go in; there is room for one.
pub struct Uploader(mpsc::Sender<Option<Bytes>>);

/// Room for a piece of a body.
pub struct Room<'a>(mpsc::Permit<'a, Option<Bytes>>);

impl Http {
    /// Sends a call, and returns once the answer begins. No redirect is followed.
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

impl Answering {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// As it stands in a status line: `HTTP/1.1`.
    pub fn version(&self) -> String {
        format!("{:?}", self.response.version())
    }

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

    /// The body if it is whole and no longer than this. It comes all the same.
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

/// A body of this length, if that is known, and where its pieces go in.
pub fn upload(length: Option<u64>) -> (Uploader, Upload) {
    let (sender, pieces) = mpsc::channel(1);
    (Uploader(sender), Upload { pieces, left: length, ended: length == Some(0) })
}

impl Uploader {
    /// Waits until the connection takes more; `None` if it will take no more.
    pub async fn room(&self) -> Option<Room<'_>> {
        self.0.reserve().await.ok().map(Room)
    }
}

impl Room<'_> {
    /// Fills it with the next piece, or with the end of the body.
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
