use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::error::failed;
use super::http::awaited;
use super::limits::{MAX_BODY, MAX_RETRY_AFTER};
use super::{HttpError, Object};

/// What a server answered: a whole answer, of 1 MiB at most.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// Sends the request, and reads the answer to its end.
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

    /// `Retry-After` in seconds (RFC 9110 §10.2.3); the date form is rare and left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }

    /// A page for people, whatever was asked for.
    pub fn is_html(&self) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    }

    /// What the server wants to see of a client (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok())
    }

    /// The body as JSON of this shape, or nothing: what else it is, nobody needs to see.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as a JSON object without doubtful keys.
    pub fn object(&self) -> Option<Object> {
        Object::parse(&self.body)
    }
}
