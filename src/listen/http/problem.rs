//! Why the door does not do what it was asked, as a status and a JSON object in the shape of Loki's API. What stood in
//! the request is not repeated there.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::base::{Locale, Scope};
use crate::wire::reason::Rights;
use crate::wire::{Code, Fault};

/// Why an API call is not answered as it was meant, in the shape of Loki's API.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: Value,
    hint: Option<String>,
    retry_after: Option<u64>,
    /// Something was shown, and it is worth nothing (RFC 6750 §3.1).
    invalid_token: bool,
}

impl Problem {
    fn new(status: StatusCode, detail: Value) -> Problem {
        Problem { status, detail, hint: None, retry_after: None, invalid_token: false }
    }

    pub(super) fn plain(status: StatusCode, detail: &str) -> Problem {
        Problem::new(status, detail.into())
    }

    pub(super) fn unauthenticated() -> Problem {
        Problem::plain(StatusCode::UNAUTHORIZED, "Authentication required")
    }

    /// The query has other parameters than are expected. What they are is not repeated.
    pub(super) fn query() -> Problem {
        let detail =
            json!([{ "loc": ["query"], "msg": "Not the parameters that are expected here", "type": "value_error" }]);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// A body that is not what it should be: where, and what is wrong there. What stands there is not repeated.
    pub(super) fn shape(place: &[&str], what: &str) -> Problem {
        let loc: Vec<&str> = std::iter::once("body").chain(place.iter().copied()).collect();
        let detail = json!([{ "loc": loc, "msg": what, "type": "value_error" }]);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        let rights = fault.about();
        let detail = match (fault.code(), &rights) {
            (Code::Unauthenticated, Some(Rights::Unauthenticated)) => "Authentication required".to_owned(),
            (Code::Unauthenticated, _) => "Invalid, expired, or revoked token".to_owned(),
            (_, Some(Rights::ScopeMissing { scope })) => {
                let scope = if *scope == Scope::All { "admin" } else { scope.name() };
                format!("Insufficient permissions. Required scope: {scope}")
            }
            _ => fault.message(Locale::En),
        };
        let retry_after = match rights {
            Some(Rights::TooMany { seconds }) => Some(seconds),
            _ => None,
        };
        // What to do about a right that is missing is said for the socket's front-ends only.
        let hint =
            fault.hint_text(Locale::En).filter(|_| !matches!(fault.code(), Code::Denied | Code::Unauthenticated));
        let invalid_token = fault.code() == Code::Unauthenticated && rights != Some(Rights::Unauthenticated);
        Problem { hint, retry_after, invalid_token, ..Problem::new(status(fault.code()), detail.into()) }
    }
}

/// What a fault is in HTTP (RFC 9110 §15).
pub(super) fn status(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        // The caller is known; it is the account at the other server that has ended.
        Code::LoginRequired => StatusCode::CONFLICT,
        Code::Locked => StatusCode::LOCKED,
        Code::Denied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Code::BadRequest | Code::Usage => StatusCode::BAD_REQUEST,
        Code::Unavailable | Code::Cancelled | Code::Elsewhere => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({ "detail": self.detail });
        if let Some(hint) = self.hint {
            body["hint"] = hint.into();
        }
        let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut answer = (self.status, [json], body.to_string()).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = if self.invalid_token { r#"Bearer error="invalid_token""# } else { "Bearer" };
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// The answer to an unknown path, in the form that Loki's API has for it.
pub(super) fn not_found(uri: &Uri) -> Response {
    let body = json!({ "error": "Not Found", "path": uri.path(), "detail": "Not Found" });
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
