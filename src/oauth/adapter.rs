//! How the `oauth2` crate reaches the network through [`Http`], and gets answers it can rely on.
//!
//! The protocol is the crate's, the caution is loom's. Requests, PKCE, `state` and the polling of codes are those of
//! the crate. Before it parses an answer, redirects and servers in trouble are errors; a body must be one JSON object
//! in which no key stands twice ([`Object`](crate::net::Object)), since two readers could then see two answers; lives
//! and intervals without sense are bounded or left out; an `error` counts as one whatever the status is. What the crate
//! keeps of an answer in its errors is dropped. Only bearer tokens that can stand in a header are taken.

use std::pin::Pin;

use ::http::{Response, StatusCode, header};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, RequestTokenError};

use super::OAuthError;
use crate::net::{Answer, Http, HttpError};

/// The longest time that a code is valid, in seconds, whatever the server claims; [`DEFAULT_CODE_LIFE`] where it claims
/// nothing.
const MAX_CODE_LIFE: u64 = 1800;
const DEFAULT_CODE_LIFE: u64 = 300;

/// The longest time between two polls a server may ask for, in seconds.
const MAX_INTERVAL: u64 = 60;

pub(super) type Sending<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

impl<'a> AsyncHttpClient<'a> for Http {
    type Error = HttpError;
    type Future = Sending<'a>;

    fn call(&'a self, request: HttpRequest) -> Sending<'a> {
        Box::pin(send(self, request))
    }
}

/// Sends a request of the crate. Redirects and servers in trouble are errors here, before anything is parsed.
pub(super) async fn send(http: &Http, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let (parts, body) = request.into_parts();
    let answer = Answer::to(http.post(&parts.uri.to_string()).headers(parts.headers).body(body)).await?;
    match answer.status {
        status if status.is_redirection() => Err(HttpError::Redirect),
        status if status.as_u16() == 429 || status.is_server_error() => Err(HttpError::Trouble(status.as_u16())),
        _ => Ok(tidy(&answer)),
    }
}

/// The answer, with everything put right that the crate would stumble over or wrongly believe. A body that is no JSON
/// object becomes empty.
fn tidy(answer: &Answer) -> HttpResponse {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = answer.status;
    if let Some(kind) = answer.headers.get(header::CONTENT_TYPE) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    let Some(mut body) = answer.object() else {
        // Whatever the page says, its status is a refusal, and better than nothing.
        if answer.status.is_client_error() {
            response.headers_mut().remove(header::CONTENT_TYPE);
            *response.body_mut() = format!("{{\"error\":\"HTTP {}\"}}", answer.status.as_u16()).into_bytes();
        }
        return response;
    };
    for key in ["error", "refresh_token", "id_token", "scope"] {
        if body.text(key) == Some("") {
            body.remove(key);
        }
    }
    // Some servers say "error" with a friendly status.
    if answer.status.is_success() {
        *response.status_mut() = if body.has("error") { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    }
    if body.has("device_code") {
        let life = body.seconds("expires_in").unwrap_or(DEFAULT_CODE_LIFE).min(MAX_CODE_LIFE);
        body.set("expires_in", life);
        match body.seconds("interval") {
            Some(seconds) => body.set("interval", seconds.min(MAX_INTERVAL)),
            // Then it is five seconds (RFC 8628 §3.2).
            None => body.remove("interval"),
        }
    } else if body.has("expires_in") {
        match body.seconds("expires_in") {
            Some(seconds) => body.set("expires_in", seconds),
            None => body.remove("expires_in"),
        }
    }
    let scopes = match body.text("scope") {
        Some(scope) => scope.split([',', ' ']).map(str::to_owned).collect(),
        None => body.texts("scope"),
    };
    let scopes: Vec<_> = scopes.into_iter().filter(|scope| !scope.is_empty()).collect();
    if scopes.is_empty() {
        body.remove("scope")
    } else {
        body.set("scope", scopes.join(" "))
    }
    if body.has("access_token") && !body.has("token_type") {
        body.set("token_type", "bearer");
    }
    *response.body_mut() = body.print();
    response
}

/// The crate's error without what it keeps of the server's answer.
pub(super) fn refused<E: oauth2::ErrorResponse + ErrorTexts>(error: RequestTokenError<HttpError, E>) -> OAuthError {
    match error {
        RequestTokenError::ServerResponse(said) => OAuthError::said(&said.code(), said.description()),
        RequestTokenError::Request(error) => OAuthError::Http(error),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => OAuthError::NotOAuth,
    }
}

/// Gives the code and the description of the crate's kinds of errors.
pub(super) trait ErrorTexts {
    fn code(&self) -> String;
    fn description(&self) -> Option<&str>;
}

impl<T: oauth2::ErrorResponseType + AsRef<str>> ErrorTexts for oauth2::StandardErrorResponse<T> {
    fn code(&self) -> String {
        self.error().as_ref().to_owned()
    }

    fn description(&self) -> Option<&str> {
        self.error_description().map(String::as_str)
    }
}
