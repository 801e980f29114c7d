//! What holds for every request, before anything is looked up.
//!
//! What was sent to another name, or by another site's page, is refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cookies;
use super::names::is_ours;
use super::problem::Problem;
use super::server::Shared;
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
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Visit {
    pub(super) fn is_secure(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// The value of a cookie that came with it.
    pub(super) fn cookie(&self, headers: &HeaderMap, cookie: cookies::Cookie) -> Option<Secret> {
        cookies::read(headers, cookie, self.is_secure())
    }
}

/// What holds for every request: the name it was sent to is ours, and no page elsewhere had a browser send it.
pub(super) async fn check(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let Some(came) = request.extensions().get::<Came>().copied() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let scheme = if shared.tls.is_some() { "https" } else { "http" };
    let mut answer = match host(&request) {
        None => Problem::plain(StatusCode::BAD_REQUEST, "A Host is missing").into_response(),
        Some(host) if !is_ours(&host, &came, &shared) => {
            Problem::plain(StatusCode::FORBIDDEN, "This is not the server's name").into_response()
        }
        Some(host) => {
            let base = format!("{scheme}://{host}");
            match from_elsewhere(&request, &base) {
                Some(reason) => Problem::plain(StatusCode::FORBIDDEN, reason).into_response(),
                None => {
                    let locale = locale(request.headers(), shared.tls.is_some());
                    request.extensions_mut().insert(Visit { address: came.address, base, locale });
                    next.run(request).await
                }
            }
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

/// Why a request is one that a page elsewhere had its browser send. The API is for programs, which say no origin; pages take
/// their own forms only. A form cannot show a token, so one without it is none of ours.
fn from_elsewhere(request: &Request, base: &str) -> Option<&'static str> {
    let headers = request.headers();
    // What decides is there once: of two nobody knows which a reader before or behind this one takes.
    if [ORIGIN, SEC_FETCH_SITE, CONTENT_TYPE].iter().any(|name| headers.get_all(name).iter().count() > 1) {
        return Some("A header that decides stands there twice");
    }
    let origin = headers.get(ORIGIN);
    let is_page = !is_for_programs(request.uri().path());
    if let Some(origin) = origin
        && !(is_page && origin.as_bytes() == base.as_bytes())
    {
        return Some("Requests of other pages are refused");
    }
    let acts = !matches!(*request.method(), Method::GET | Method::HEAD);
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    if acts && site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return Some("Requests of other pages are refused");
    }
    if acts && is_page && origin.is_none() && site.is_none() && !headers.contains_key(AUTHORIZATION) {
        return Some("A form has to say where it comes from");
    }
    let is_oauth = request.uri().path().starts_with("/oauth/");
    if acts && !is_page && !is_oauth && is_form(headers) && !headers.contains_key(AUTHORIZATION) {
        return Some("Forms are refused here");
    }
    None
}

/// Whether a program asks there, and no browser for a page.
pub(super) fn is_for_programs(path: &str) -> bool {
    ["/api/", "/auth/device/", "/oauth/", "/.well-known/"].iter().any(|place| path.starts_with(place))
        || path == "/auth/logout"
}

/// What a form of a page can send without asking (Fetch, CORS-safelisted request-header).
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        matches!(&*kind, "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain")
    })
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
