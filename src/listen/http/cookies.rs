//! Cookies: authority for pages only, never read by a script, never sent along by another site's pages.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::visit::Visit;
use crate::base::Secret;

/// The session of a person who signed in.
pub(super) const SESSION: Cookie = Cookie { name: "loom", lasts: None, site: "Strict" };
/// The browser that was sent to an issuer; it comes back from another site.
pub(super) const BROWSER: Cookie = Cookie { name: "loom-sign-in", lasts: Some(600), site: "Lax" };
/// Where to go on once signed in.
pub(super) const NEXT: Cookie = Cookie { name: "loom-next", lasts: Some(600), site: "Lax" };
/// The language a person chose.
pub(super) const LANGUAGE: Cookie = Cookie { name: "loom-language", lasts: Some(365 * 24 * 3600), site: "Strict" };

#[derive(Clone, Copy)]
pub(super) struct Cookie {
    name: &'static str,
    /// In seconds; as long as the browser runs if absent.
    lasts: Option<u32>,
    site: &'static str,
}

/// The value, if it was sent once. Over TLS its name has a prefix by which browsers refuse one that somebody else set
/// (RFC 6265bis §4.1.3.2).
pub(super) fn read(headers: &HeaderMap, cookie: Cookie) -> Option<Secret> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut values = all.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name.strip_prefix("__Host-").unwrap_or(name) == cookie.name).then_some(value)
    });
    let value = values.next().filter(|value| !value.is_empty())?;
    values.next().is_none().then(|| Secret::new(value.to_owned()))
}

/// The header that sets it; the value is one of ours.
pub(super) fn set(visit: &Visit, cookie: Cookie, value: &str) -> Option<HeaderValue> {
    let lasts = cookie.lasts.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    header(visit, cookie, value, &lasts)
}

/// The header that removes it.
pub(super) fn remove(visit: &Visit, cookie: Cookie) -> Option<HeaderValue> {
    header(visit, cookie, "", "; Max-Age=0")
}

fn header(visit: &Visit, cookie: Cookie, value: &str, lasts: &str) -> Option<HeaderValue> {
    let (prefix, secure) = if visit.is_secure() { ("__Host-", "; Secure") } else { ("", "") };
    let Cookie { name, site, .. } = cookie;
    let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite={site}{secure}{lasts}");
    HeaderValue::from_str(&text).ok()
}
