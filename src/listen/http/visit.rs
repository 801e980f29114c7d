//! What holds for every request, before anything is looked up.
//!
//! What was sent to another name is refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cookies;
use super::names::is_ours;
use super::problem::Problem;
use super::shared::Shared;
use crate::base::{Locale, Secret};

/// Where a connection came from, and at which of our addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    pub(super) address: IpAddr,
    pub(super) own: IpAddr,
}

/// A request that may be looked at: by which URL the door was reached, and in which language to answer.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) address: IpAddr,
    /// Scheme, name and port, as the browser or program knows them.
    pub(super) base: String,
    pub(super) locale: Locale,
}

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

impl Visit {
    pub(super) fn is_secure(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// The value of a cookie that came with it.
    pub(super) fn cookie(&self, headers: &HeaderMap, cookie: cookies::Cookie) -> Option<Secret> {
        cookies::read(headers, cookie, self.is_secure())
    }
}

/// Checks of every request that it was sent to a name of this door. What else it has to show, the `Policy` of its route
/// says.
pub(super) async fn arrive(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let Some(came) = request.extensions().get::<Came>().copied() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let scheme = if shared.tls.is_some() { "https" } else { "http" };
    let mut answer = match host(&request) {
        None => Problem::plain(StatusCode::BAD_REQUEST, "A Host is missing").into_response(),
        Some(host) if !is_ours(&host, came.own, &shared) => {
            Problem::plain(StatusCode::FORBIDDEN, "This is not the server's name").into_response()
        }
        Some(host) => {
            let base = format!("{scheme}://{host}");
            let locale = locale(request.headers(), shared.tls.is_some());
            request.extensions_mut().insert(Visit { address: came.address, base, locale });
            next.run(request).await
        }
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// The one host that is named, by the header and by the target alike.
fn host(request: &Request) -> Option<String> {
    let mut named = request.headers().get_all(HOST).iter();
    let host = named.next()?.to_str().ok()?.to_owned();
    let same = request.uri().authority().is_none_or(|authority| authority.as_str().eq_ignore_ascii_case(&host));
    (named.next().is_none() && same).then_some(host)
}

/// What the person chose on a page, else the first of the browser's languages that is spoken here.
fn locale(headers: &HeaderMap, is_secure: bool) -> Locale {
    let chosen = cookies::read(headers, cookies::LANGUAGE, is_secure);
    let chosen = chosen.and_then(|tag| Locale::from_tag(tag.expose()));
    let asked = || {
        let languages = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
        languages.split(',').find_map(|part| Locale::from_tag(part.split(';').next()?.trim()))
    };
    chosen.or_else(asked).unwrap_or_default()
}
