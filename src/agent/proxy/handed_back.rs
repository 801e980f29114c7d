//! A server's answer as its client gets it: in framing of the agent's own, without what would be a proof or lead past
//! the agent, and without the secret that was sent.

use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION,
    SET_COOKIE, TRAILER, TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use url::Url;

use super::body::{Reply, rest_of, whole};
use super::forward::Answered;
use super::visit::Visit;
use crate::agent::api::Redactor;
use crate::wire::{Fault, reason};

/// What is never handed back: how it travelled, what would be a credential, and where else the server could be asked.
const KEPT: [HeaderName; 6] = [CONNECTION, SET_COOKIE, TRAILER, TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE];
const KEPT_TOO: [&str; 10] = [
    "alt-svc",
    "authentication-info",
    "clear-site-data",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "refresh",
    "set-cookie2",
    "strict-transport-security",
];

/// Bodies of these kinds are hashes of themselves, or are told apart by their bytes: nothing is taken out of them.
const OPAQUE: [&str; 12] = [
    "application/octet-stream",
    "application/gzip",
    "application/x-gzip",
    "application/zip",
    "application/x-tar",
    "application/x-git-",
    "application/pdf",
    "application/vnd.oci.image.layer",
    "application/wasm",
    "image/",
    "audio/",
    "video/",
];

impl Visit<'_> {
    /// The answer as it comes.
    pub(super) fn hand_back(&self, answered: Answered) -> Result<Response<Reply>, Fault> {
        let Answered { answer, redactor } = answered;
        let mut back = self.head(answer.status(), answer.headers(), &redactor)?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        let is_opaque = answer.status() < 400 && OPAQUE.iter().any(|opaque| kind.starts_with(opaque));
        *back.body_mut() = rest_of(Vec::new(), answer, (!is_opaque).then_some(redactor));
        Ok(back)
    }

    /// Status and headers, with an empty body.
    pub(super) fn head(&self, status: u16, headers: &HeaderMap, redactor: &Redactor) -> Result<Response<Reply>, Fault> {
        let mut back = Response::new(whole(Vec::new()));
        // What is said between two programs on the way is none of the client's: it would wait for another protocol.
        let is_of_the_way = status < 200 || status == 407;
        let shown = if is_of_the_way { Ok(StatusCode::BAD_GATEWAY) } else { StatusCode::from_u16(status) };
        *back.status_mut() = shown.map_err(|_| reason::Request::Internal)?;
        let named: Vec<String> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
            .collect();
        for (name, value) in headers {
            let is_kept = KEPT.contains(name) || KEPT_TOO.contains(&name.as_str());
            if is_kept || named.iter().any(|named| named == name.as_str()) {
                continue;
            }
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = match *name {
                LOCATION => self.location(&text, (300..400).contains(&status))?,
                LINK => self.links(&text),
                _ => text.into_owned(),
            };
            if let Ok(value) = HeaderValue::from_str(&redactor.text(&text)) {
                back.headers_mut().append(name, value);
            }
        }
        // What was asked for with somebody's rights is nobody else's.
        back.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        Ok(back)
    }

    /// Where the server leads, as the client reaches it: it is judged anew when it comes. Elsewhere nothing is said of
    /// what stands in the URL, which may be a secret.
    fn location(&self, text: &str, redirects: bool) -> Result<String, Fault> {
        let to = self.target.url.join(text).ok();
        let own = to.as_ref().and_then(|to| self.reached(to));
        let elsewhere = || {
            let to = to.as_ref().map_or_else(String::new, |to| to.origin().ascii_serialization());
            reason::Proxy::LedElsewhere { server: self.server(), to }.into()
        };
        match own {
            Some(own) => Ok(own),
            None if redirects => Err(elsewhere()),
            None => Ok(String::new()),
        }
    }

    /// The targets of `Link: <…>; rel="next"` that lie at the server, as the client reaches them; others stay.
    fn links(&self, text: &str) -> String {
        let mut shown = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            let Some((link, after)) = after.split_once('>') else { break };
            let reached = self.target.url.join(link).ok().and_then(|to| self.reached(&to));
            shown.push_str(before);
            shown.push_str(&format!("<{}>", reached.as_deref().unwrap_or(link)));
            rest = after;
        }
        shown + rest
    }

    /// A URL of the server's as this client reaches it.
    fn reached(&self, url: &Url) -> Option<String> {
        let is_own = self.place.server.is_origin_of(url) && url.username().is_empty() && url.password().is_none();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        is_own.then(|| format!("{}{}{query}", self.place.base, url.path()))
    }
}

/// Headers of an answer whose body becomes another one.
pub(super) fn of_another_length(mut back: Response<Reply>, body: Reply) -> Response<Reply> {
    back.headers_mut().remove(CONTENT_LENGTH);
    *back.body_mut() = body;
    back
}
