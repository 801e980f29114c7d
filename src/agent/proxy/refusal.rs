//! What a client is told that gets nothing: in plain text, which git, curl and `gh` show their users.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use super::body::{Reply, whole};
use crate::base::Locale;
use crate::wire::{Code, Fault, reason};

/// An answer of the agent's own.
pub(super) fn answer(status: StatusCode, kind: &'static str, bytes: impl Into<bytes::Bytes>) -> Response<Reply> {
    let mut answer = Response::new(whole(bytes));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Why there is nothing, in the client's language.
pub(super) fn refusal(fault: &Fault, locale: Locale) -> Response<Reply> {
    let status = match fault.code() {
        Code::NotFound => StatusCode::NOT_FOUND,
        // Never 401 of what a server says: git would ask a person for a password that nobody has.
        Code::LoginRequired | Code::Denied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Locked => StatusCode::LOCKED,
        Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Code::BadRequest | Code::Usage | Code::Elsewhere => StatusCode::BAD_REQUEST,
        Code::Unavailable | Code::Cancelled => StatusCode::BAD_GATEWAY,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut answer = answer(status, "text/plain; charset=utf-8", in_words(fault, locale));
    if fault.about() == Some(reason::Proxy::NothingShown) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"loom\""));
    }
    answer
}

/// A fault as its sentence and, in a second line, what to do.
pub(super) fn in_words(fault: &Fault, locale: Locale) -> String {
    let hint = fault.hint_text(locale).map(|hint| format!("\n{hint}")).unwrap_or_default();
    format!("loom: {}{hint}\n", fault.message(locale))
}
