//! The audit log as it is written (Server-Sent Events, HTML §9.2).

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::timeout;

use super::entry::Entry;
use super::home::SHOWN;
use crate::base::Locale;
use crate::listen::http::ask::Conversation;
use crate::listen::http::asker::Browser;
use crate::listen::http::params::Params;
use crate::listen::http::problem;
use crate::listen::http::visit::Visit;
use crate::wire::{Audit, AuditEntry, Empty, Fault, Reply};

/// How often something is sent in any case: a browser that is gone is noticed by it.
const PULSE: Duration = Duration::from_secs(20);
const NOTHING: &str = ":\n\n";

/// The last event of the stream. A browser that gets it does not connect again.
const END: &str = "event: end\ndata:\n\n";

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// The newest entry that the page has.
    #[serde(default)]
    since: Option<String>,
}

pub(super) async fn live(
    Extension(visit): Extension<Visit>,
    browser: Browser,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
) -> Response {
    let Browser::SignedIn(asking) = browser else { return StatusCode::UNAUTHORIZED.into_response() };
    // A browser that comes back says what it had last, and nothing is missing in between.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let since: Option<Timestamp> = last.or(wanted.since).and_then(|since| since.parse().ok());
    let last = if since.is_some() { SHOWN } else { 0 };
    match asking.stream(&Audit { event: None, last, follow: true }) {
        Ok(conversation) => {
            let body = events(conversation, visit.locale, since);
            ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
        }
        Err(fault) => problem::status(fault.code()).into_response(),
    }
}

/// What comes next from the agent. It goes on where it was, however often nobody wanted to wait longer.
type Next = Pin<Box<dyn Future<Output = (Conversation, Result<Reply<Empty, AuditEntry>, Fault>)> + Send>>;

fn next(mut conversation: Conversation) -> Next {
    Box::pin(async move {
        let reply = conversation.next().await;
        (conversation, reply)
    })
}

fn events(conversation: Conversation, locale: Locale, since: Option<Timestamp>) -> Body {
    let step = move |waiting: Option<Next>| async move {
        let mut waiting = waiting?;
        let (piece, waiting) = match timeout(PULSE, &mut waiting).await {
            Err(_) => (NOTHING.to_owned(), Some(waiting)),
            Ok((conversation, Ok(Reply::Event(entry)))) => {
                let at = entry.time.parse::<Timestamp>().ok();
                let is_known = since.zip(at).is_some_and(|(since, at)| at <= since);
                (if is_known { NOTHING.to_owned() } else { event(locale, &entry) }, Some(next(conversation)))
            }
            Ok(_) => (END.to_owned(), None),
        };
        Some((Ok::<_, Infallible>(piece), waiting))
    };
    Body::from_stream(unfold(Some(next(conversation)), step))
}

fn event(locale: Locale, entry: &AuditEntry) -> String {
    let shown = Entry::new(locale, entry);
    // JSON has no line ends of its own; the time is the agent's.
    let data = serde_json::to_string(&shown).unwrap_or_default();
    format!("id: {}\ndata: {data}\n\n", crate::base::printable(&entry.time))
}
