use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use url::Url;

use super::query::need_of;
use crate::access::{Authority, Need, needed};
use crate::agent::fault;
use crate::base::{Grant, ServerUrl, UrlPath};
use crate::wire::{Fault, reason};

/// Methods that frameworks carry out in place of `POST` where a form says so (`_method`).
const OF_FORMS: [&str; 4] = ["PUT", "PATCH", "DELETE", "POST"];

/// Whether the grants of whoever asks, if there are any, allow this call: with its method, and with each that a server
/// may carry out in its place. A query that does something is as good as a `POST`, and a form may name its own method.
pub(crate) fn granted<'a>(
    authority: &'a Authority,
    method: &Method,
    headers: &HeaderMap,
    url: &Url,
    need: Need,
) -> Result<Option<&'a Grant>, Fault> {
    let odd = || Fault::from(reason::Api::OddPath);
    let origin = ServerUrl::parse(&url.origin().ascii_serialization()).map_err(|_| odd())?;
    let path = UrlPath::parse(url.path()).map_err(|_| odd())?;
    let mut methods = Vec::new();
    if sends_form(headers) {
        methods.extend(OF_FORMS);
    }
    if acts(url) {
        methods.push("POST");
    }
    methods.push(method.as_str());
    authority.may_call(&origin, &methods, &path, need.scope).map_err(|why| fault::not_granted(why, &origin))
}

/// Whether the query says that something is done, or made, which the path does not.
fn acts(url: &Url) -> bool {
    need_of("GET", "/", url) != needed("GET", "/")
}

/// Whether a body is sent that a server may read as a form. One that does not say what it is, some servers guess.
fn sends_form(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter().map(|value| value.as_bytes().to_ascii_lowercase());
    let is_form = |kind: &[u8]| {
        let has = |word: &str| kind.windows(word.len()).any(|part| part == word.as_bytes());
        has("form-urlencoded") || has("multipart/")
    };
    kinds.any(|kind| is_form(&kind))
}
