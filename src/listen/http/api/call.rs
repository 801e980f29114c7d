//! A call of a server's API, made by the agent: the caller never sees the token. Bodies are streamed both ways.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream::unfold;
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::handed_back::handed_back;
use crate::agent::ends_here;
use crate::base::ServerUrl;
use crate::listen::http::ask::Conversation;
use crate::listen::http::asker::Program;
use crate::listen::http::problem::Problem;
use crate::wire::{Api, ApiBody, ApiEvent, ApiPiece, ApiReply, Code, Fault, PIECE, Reply, reason};

/// How long the caller may take for the next piece of its body.
const PIECE_WITHIN: Duration = Duration::from_secs(60);

/// The path below which calls of other servers' APIs lie.
const PLACE: &str = "/api/call/";

/// Says that an answer, whatever its status, is the other server's.
const ANSWERED_BY: HeaderName = HeaderName::from_static("loom-answered-by");

pub(super) async fn call(program: Program, request: Request) -> Result<Response, Problem> {
    let (server, path) = target(&request)?;
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let has_body = length.is_some_and(|length: u64| length > 0) || parts.headers.contains_key("transfer-encoding");
    let question = Api {
        server: Some(server.clone()),
        account: None,
        method: parts.method.as_str().to_owned(),
        path,
        headers: headers(&parts.headers),
        scopes: None,
        body: has_body.then_some(ApiBody { length, repeatable: false }),
    };
    let mut conversation = program.asking.stream(&question)?;
    let mut body = Uploading { body, left: Bytes::new(), ended: false, wanted: false };
    loop {
        match body.next(&mut conversation).await? {
            Reply::Event(ApiEvent::Head { status, headers, .. }) => {
                return Ok(answer(&server, status, &headers, rest(conversation, body)));
            }
            Reply::Event(_) => {}
            Reply::Error(fault) => return Err(fault.into()),
            Reply::Ok(_) => return Err(Problem::plain(StatusCode::BAD_GATEWAY, "The server did not answer")),
        }
    }
}

/// The server, and the path at it, as they stand in the URL: what is encoded in the path stays so.
fn target(request: &Request) -> Result<(ServerUrl, String), Problem> {
    let bad = || Problem::plain(StatusCode::BAD_REQUEST, "Not a server");
    let whole = request.uri().path().strip_prefix(PLACE).ok_or_else(bad)?;
    let (server, path) = whole.split_once('/').unwrap_or((whole, ""));
    let server = percent_decode_str(server).decode_utf8().map_err(|_| bad())?;
    let server = ServerUrl::from_user(&server).map_err(|_| bad())?;
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok((server, format!("/{path}{query}")))
}

fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let connection = all.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = connection.flat_map(|value| value.split(',')).map(str::trim).collect();
    let wanted = all.iter().filter(|(name, _)| !ends_here(name.as_str(), &named));
    wanted.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

fn answer(server: &ServerUrl, status: u16, headers: &[(String, String)], body: Body) -> Response {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    *answer.headers_mut() = handed_back(headers);
    if let Ok(server) = HeaderValue::from_str(&server.to_string()) {
        answer.headers_mut().insert(ANSWERED_BY, server);
    }
    answer
}

/// The caller's body, as it comes.
struct Uploading {
    body: Body,
    left: Bytes,
    ended: bool,
    /// The agent asked for the next piece.
    wanted: bool,
}

impl Uploading {
    /// What the agent says next, which gets the pieces that it asks for on the way.
    async fn next(&mut self, conversation: &mut Conversation) -> Result<Reply<ApiReply, ApiEvent>, Fault> {
        loop {
            if self.wanted {
                self.hand_on(conversation).await?;
            }
            match conversation.next().await? {
                Reply::Event(ApiEvent::Body { .. }) => self.wanted = true,
                reply => return Ok(reply),
            }
        }
    }

    /// Hands on the next piece, unless the agent has something to say before it is there: that it gives up, for
    /// instance. An empty piece is the end. Half a body is never taken for a whole one: where it is cut short the
    /// conversation ends, and with it the call.
    async fn hand_on(&mut self, conversation: &mut Conversation) -> Result<(), Fault> {
        while self.left.is_empty() && !self.ended {
            let frame = tokio::select! {
                frame = timeout(PIECE_WITHIN, self.body.frame()) => frame,
                () = conversation.stirs() => return Ok(()),
            };
            match frame {
                Ok(Some(Ok(frame))) => self.left = frame.into_data().unwrap_or_default(),
                Ok(None) => self.ended = true,
                Ok(Some(Err(_))) | Err(_) => return Err(reason::Request::Cancelled.into()),
            }
        }
        self.wanted = false;
        let piece = self.left.split_to(self.left.len().min(PIECE));
        conversation.say(&ApiPiece { data: piece.to_vec() }).await
    }
}

/// The rest of the answer, while the rest of the body goes out. One that ends with an error was not handed on whole.
fn rest(conversation: Conversation, upload: Uploading) -> Body {
    let next = async |(mut conversation, mut upload): (Conversation, Uploading)| {
        let piece = next(&mut conversation, &mut upload).await.transpose()?;
        Some((piece, (conversation, upload)))
    };
    Body::from_stream(unfold((conversation, upload), next))
}

async fn next(conversation: &mut Conversation, upload: &mut Uploading) -> Result<Option<Bytes>, std::io::Error> {
    let broken = |_: Fault| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    loop {
        match upload.next(conversation).await.map_err(broken)? {
            Reply::Event(ApiEvent::Data { data }) => return Ok(Some(data.into())),
            Reply::Event(_) => {}
            Reply::Ok(_) => return Ok(None),
            // That the other server refused was said by its status.
            Reply::Error(fault) if fault.code() == Code::LoginRequired => return Ok(None),
            Reply::Error(fault) => return Err(broken(fault)),
        }
    }
}
