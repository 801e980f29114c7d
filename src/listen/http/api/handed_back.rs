//! What of another server's answer goes on to a caller of this one. What a header says of its own origin would be taken
//! as said of this one, by browsers and by proxies before it: it ends here.

use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};

/// How the bytes of an answer came here (RFC 9110 §7.6.1).
const HOPS: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that say who may keep an answer, and how long. Nobody may, since a secret fetched it.
const CACHES: &[&str] = &[
    "age",
    "cache-control",
    "cache-tag",
    "cdn-cache-control",
    "edge-control",
    "expires",
    "no-vary-search",
    "pragma",
    "surrogate-control",
    "surrogate-key",
    "warning",
];

/// Who is to prove what there, and is known there by what.
const LOGINS: &[&str] = &[
    "authentication-info",
    "proxy-authenticate",
    "proxy-authentication-info",
    "set-cookie",
    "set-cookie2",
    "set-login",
    "www-authenticate",
];

/// What a browser is to hold of an origin, and do there.
const ORIGIN: &[&str] = &[
    "accept-ch",
    "accept-ch-lifetime",
    "activate-storage-access",
    "alt-svc",
    "alt-used",
    "clear-site-data",
    "content-security-policy",
    "content-security-policy-report-only",
    "critical-ch",
    "document-policy",
    "expect-ct",
    "feature-policy",
    "nel",
    "observe-browsing-topics",
    "origin-agent-cluster",
    "origin-trial",
    "p3p",
    "permissions-policy",
    "public-key-pins",
    "public-key-pins-report-only",
    "referrer-policy",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "service-worker-navigation-preload",
    "sourcemap",
    "speculation-rules",
    "strict-transport-security",
    "supports-loading-mode",
    "timing-allow-origin",
    "tk",
    "use-as-dictionary",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-pingback",
    "x-sourcemap",
    "x-ua-compatible",
    "x-xss-protection",
];

/// Headers whose names begin so are not handed back either. `x-accel-` and the like have a proxy before this door send
/// a file of its own.
const BEGIN: &[&str] = &[
    "access-control-",
    "attribution-reporting-",
    "cross-origin-",
    "sec-",
    "x-accel-",
    "x-lighttpd-",
    "x-litespeed-",
    "x-reproxy-",
    "x-sendfile",
];

/// The headers that go on, with what this server says of every answer that a secret fetched.
pub(super) fn handed_back(headers: &[(String, String)]) -> HeaderMap {
    let connection = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(CONNECTION.as_str()));
    let named: Vec<&str> = connection.flat_map(|(_, value)| value.split(',')).map(str::trim).collect();
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        let ends_here =
            ends_here(&name.to_ascii_lowercase()) || named.iter().any(|named| named.eq_ignore_ascii_case(name));
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        if let Some((name, value)) = parsed.filter(|_| !ends_here) {
            all.append(name, value);
        }
    }
    // A page of the other server may do nothing of what this door's own pages may.
    all.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    all.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    all
}

fn ends_here(name: &str) -> bool {
    // Proxies read both alike.
    let name = name.replace('_', "-");
    [HOPS, CACHES, LOGINS, ORIGIN].iter().any(|kind| kind.contains(&&*name))
        || BEGIN.iter().any(|begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_another_origin_or_hop_ends_here() {
        let headers = |all: &[(&str, &str)]| {
            let all: Vec<_> = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            handed_back(&all)
        };
        let answer = headers(&[
            ("Connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("cache-control", "public, max-age=60"),
            ("expires", "Thu, 01 Dec 2033 16:00:00 GMT"),
            ("etag", "\"1\""),
            ("link", "</x>; rel=next"),
            ("x-ratelimit-remaining", "3"),
        ]);
        let names: Vec<&str> = answer.keys().map(HeaderName::as_str).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert_eq!(answer.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), ["no-store"]);
        assert!(answer.contains_key("etag"));
        assert!(answer.contains_key("link"));
        assert!(!answer.contains_key("x-hop"));
        for name in [
            "Strict-Transport-Security",
            "Clear-Site-Data",
            "Service-Worker-Allowed",
            "Refresh",
            "Alt-Svc",
            "Set-Cookie",
            "X-Accel-Redirect",
            "x_accel_redirect",
            "Access-Control-Allow-Origin",
            "Cross-Origin-Opener-Policy",
            "Reporting-Endpoints",
            "WWW-Authenticate",
        ] {
            assert_eq!(headers(&[(name, "x")]).len(), 2, "{name}");
        }
    }
}
