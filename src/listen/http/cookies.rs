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
    /// How many seconds the browser keeps it; until the browser ends if absent.
    lasts: Option<u32>,
    site: &'static str,
}

/// The value, if it was sent once. Over TLS its name has a prefix by which browsers refuse one that somebody else set,
/// such as another host of the same domain (RFC 6265bis §4.1.3.2).
pub(super) fn read(headers: &HeaderMap, cookie: Cookie, is_secure: bool) -> Option<Secret> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let wanted = format!("{}{}", prefix(is_secure), cookie.name);
    let mut values = all.filter_map(|pair| pair.trim().split_once('=').filter(|(name, _)| *name == wanted));
    let (_, value) = values.next().filter(|(_, value)| !value.is_empty())?;
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
    let secure = if visit.is_secure() { "; Secure" } else { "" };
    let (prefix, Cookie { name, site, .. }) = (prefix(visit.is_secure()), cookie);
    let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite={site}{secure}{lasts}");
    HeaderValue::from_str(&text).ok()
}

fn prefix(is_secure: bool) -> &'static str {
    if is_secure { "__Host-" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_counts_once_and_over_tls_only_with_its_prefix() {
        let sent = |text: &str, is_secure| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(text).unwrap())]);
            read(&headers, SESSION, is_secure).map(|value| value.expose().to_owned())
        };
        assert_eq!(sent("a=b; loom=s; loom-next=/", false).as_deref(), Some("s"));
        assert_eq!(sent("__Host-loom=s", true).as_deref(), Some("s"));
        assert_eq!(sent("loom=evil; __Host-loom=s", true).as_deref(), Some("s"));
        for (text, is_secure) in [
            ("loom=evil", true),
            ("__Host-loom=s", false),
            ("loom=s; loom=t", false),
            ("loom=", false),
            ("Loom=s", false),
            ("loom", false),
        ] {
            assert_eq!(sent(text, is_secure), None, "{text}");
        }
    }
}
