use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::msg;
use crate::wire::{Code, Fault};

/// Headers that are the agent's to send: who asks, whom, how it travels, and so encoded that a secret in an answer is found.
const OWN: &[&str] = &[
    "authorization",
    "cookie",
    "cookie2",
    "host",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "expect",
    "accept-encoding",
];

/// Headers by which some servers carry out another call than the one that was made, and that was allowed.
const DISGUISES: &[&str] = &[
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-rewrite-url",
    "x-original-uri",
];

/// The headers that somebody wants to be sent, if they may be.
pub(in crate::agent) fn checked(wanted: &[(String, String)]) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for (name, value) in wanted {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let Some((parsed, value)) = parsed else {
            return Err(Fault::new(Code::BadRequest, msg!("api-bad-header", name = name)));
        };
        let known = parsed.as_str();
        if OWN.contains(&known) || DISGUISES.contains(&known) || known.starts_with("proxy-") {
            return Err(Fault::new(Code::Denied, msg!("api-header-refused", name = known))
                .hint(msg!("hint-api-header-refused")));
        }
        headers.append(parsed, value);
    }
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(headers)
}

/// A method that may be used. `TRACE` has a server say back what it was sent, and `CONNECT` is for proxies.
pub(in crate::agent) fn method(name: &str) -> Result<Method, Fault> {
    let is_plain =
        name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_uppercase()) && !matches!(name, "TRACE" | "CONNECT");
    let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| is_plain);
    method.ok_or_else(|| Fault::new(Code::BadRequest, msg!("api-bad-method", method = name)))
}
