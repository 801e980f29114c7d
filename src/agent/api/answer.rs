//! The server's answer on its way to the caller: in pieces, as fast as the caller reads, and without the secret that
//! was sent. Cookies are left out, since one would be a credential that the agent does not keep.

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use url::Url;

use super::body::{Body, in_time};
use super::redactor::Redactor;
use crate::agent::call::caller::Caller;
use crate::agent::fault;
use crate::base::{ServerUrl, clock};
use crate::net::HttpError;
use crate::net::call::{Answering, Uploader};
use crate::wire::{ApiEvent, Fault, PIECE};

/// Hands an answer on as it comes, as fast as the caller takes it. The rest of the request's body goes out meanwhile.
pub(super) async fn hand_on(
    caller: &mut Caller<'_>,
    (server, url): (&ServerUrl, &Url),
    mut answer: Answering,
    (body, uploader): (&mut Body, &Option<Uploader>),
    redactor: &mut Redactor,
) -> Result<(), Fault> {
    let (version, status) = (answer.version(), answer.status());
    let head = ApiEvent::Head { version, status, headers: headers(answer.headers(), url, redactor) };
    caller.tell_slowly(&head, &mut body.heard).await?;
    loop {
        let chunk = tokio::select! {
            chunk = in_time(server, answer.chunk()) => chunk?.map_err(|error: HttpError| fault::from_http(server, &error))?,
            fault = body.send(caller, uploader, server) => return Err(fault),
        };
        let part = match &chunk {
            Some(chunk) => redactor.next(chunk),
            None => redactor.rest(),
        };
        for piece in part.chunks(PIECE) {
            caller.tell_slowly(&ApiEvent::Data { data: piece.to_owned() }, &mut body.heard).await?;
        }
        if chunk.is_none() {
            return Ok(());
        }
    }
}

/// How long the server asks to wait (RFC 9110 §10.2.3).
pub(super) fn retry_after(answer: &Answering) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at: Timestamp = DateTimeParser::new().parse_zoned(text).ok()?.timestamp();
    Some(Duration::from_secs(at.as_second().saturating_sub(clock::now().as_second()).max(0).unsigned_abs()))
}

/// Where the server sends elsewhere.
pub(super) fn location(answer: &Answering) -> Option<&str> {
    let redirects = matches!(answer.status(), 301 | 302 | 303 | 307 | 308);
    answer.headers().get(LOCATION).filter(|_| redirects)?.to_str().ok()
}

/// What the caller sees of the headers: no secret that was sent, and no cookie, which would be one.
fn headers(headers: &HeaderMap, url: &Url, redactor: &Redactor) -> Vec<(String, String)> {
    let shown = headers.iter().filter(|(name, _)| *name != SET_COOKIE);
    let text = |name: &HeaderName, value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        redactor.text(&if *name == LOCATION { whole(url, &text) } else { text.into_owned() })
    };
    shown.map(|(name, value)| (name.as_str().to_owned(), text(name, value))).collect()
}

/// A redirect as a whole URL. Half of one would lead the caller to wherever it believes itself to be: to the agent's
/// own door.
fn whole(url: &Url, location: &str) -> String {
    match (Url::parse(location), url.join(location)) {
        (Err(_), Ok(to)) => to.into(),
        (Ok(_), _) | (_, Err(_)) => location.to_owned(),
    }
}
