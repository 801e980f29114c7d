use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::error::failed;
use super::http::awaited;
use super::limits::{MAX_BODY, MAX_RETRY_AFTER};
use super::{HttpError, Object};

/// A server's complete answer, of at most 1 MiB.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// Sends the request and reads the whole answer. Fails if there is none, if it is cut short, or if it is longer
    /// than 1 MiB.
    pub async fn to(request: RequestBuilder) -> Result<Answer, HttpError> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| failed(&error))?;
        let _waiting = awaited(request.url());
        let mut response = client.execute(request).await.map_err(|error| failed(&error))?;
        let mut body = Zeroizing::new(Vec::with_capacity(4096));
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }

    /// The header `Retry-After` (RFC 9110 §10.2.3), at most a minute. The rare form with a date is ignored.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }

    /// Whether the answer is a page for people, whatever was asked for.
    pub fn is_html(&self) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    }

    /// The values of `WWW-Authenticate`: what the server wants to see of a client (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok())
    }

    /// The body as JSON of this type; `None` if it is anything else.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as a JSON object in which no key stands twice; `None` if it is anything else.
    pub fn object(&self) -> Option<Object> {
        Object::parse(&self.body)
    }
}
