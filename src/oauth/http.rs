use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::base::Message;
use crate::msg;

/// From connecting to the last byte, whatever the server does in between.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Login servers answer with a few hundred bytes.
const MAX_BODY: usize = 1024 * 1024;

/// The longest pause a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A client for servers that may be hostile: verified TLS, no redirects, no decompression, bounded time and size.
pub struct Http(reqwest::Client);

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    /// A page for people, whatever was asked for.
    pub(super) is_html: bool,
    body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Connection, TLS or time: the reason in one line.
    #[error("the server does not answer")]
    Unreachable(Message),
    #[error("the answer is too long")]
    TooLong,
}

impl HttpError {
    /// The reason as a person reads it.
    pub fn message(&self) -> Message {
        match self {
            HttpError::Unreachable(reason) => reason.clone(),
            HttpError::TooLong => msg!("answer-too-long"),
        }
    }
}

impl Http {
    pub fn new() -> Result<Http, HttpError> {
        // Fails if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("loom/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(ANSWER_WITHIN)
            .connect_timeout(Duration::from_secs(10))
            // An idle connection would wake the agent when it ends.
            .pool_max_idle_per_host(0)
            .build();
        client.map(Http).map_err(|error| unreachable(&error))
    }

    pub(super) fn post(&self, url: &str) -> RequestBuilder {
        self.0.post(url)
    }
}

impl Answer {
    pub(super) async fn to(request: RequestBuilder) -> Result<Answer, HttpError> {
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let mut body = Zeroizing::new(Vec::with_capacity(4096));
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let headers = response.headers();
        let is_html = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        Ok(Answer { status: response.status(), retry_after: retry_after(headers), is_html, body })
    }

    /// The body as JSON of this shape, or nothing: what else it is, nobody needs to see.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3); the date form is rare and left alone.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The innermost reason; the outer ones only say that a request failed.
fn unreachable(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::Unreachable(msg!("no-answer-within", seconds = ANSWER_WITHIN.as_secs()));
    }
    let mut reason: &dyn Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    HttpError::Unreachable(msg!("network-says", error = reason))
}
