//! Whether a call is granted: with its method, and with each that a server may carry out in its place. `loom api` and
//! the proxy ask here, so that no body or query is more for one of them than for the other.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use url::Url;

use super::query::{actions, need_of};
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
    has_body: bool,
    url: &Url,
    need: Need,
) -> Result<Option<&'a Grant>, Fault> {
    let odd = || Fault::from(reason::Api::OddPath);
    let origin = ServerUrl::parse(&url.origin().ascii_serialization()).map_err(|_| odd())?;
    let path = UrlPath::parse(url.path()).map_err(|_| odd())?;
    let mut methods = Vec::new();
    if may_be_a_form(headers, has_body) {
        methods.extend(OF_FORMS);
    }
    if acts(url) {
        methods.push("POST");
        // Where it is a method's name, the server may carry out that one.
        for (_, action) in actions(url.query().unwrap_or_default()) {
            methods.extend(OF_FORMS.iter().find(|method| action.eq_ignore_ascii_case(method)));
        }
    }
    methods.push(method.as_str());
    authority.may_call(&origin, &methods, &path, need.scope).map_err(|why| fault::not_granted(why, &origin))
}

/// Whether the query says that something is done, or made, which the path does not.
fn acts(url: &Url) -> bool {
    need_of("GET", "/", url) != needed("GET", "/")
}

/// Whether a body is sent that a server may read as a form: one that says so, and one that does not say what it is.
pub(crate) fn may_be_a_form(headers: &HeaderMap, has_body: bool) -> bool {
    let kinds =
        || headers.get_all(CONTENT_TYPE).iter().map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_lowercase());
    let is_form = |kind: &str| kind.contains("form-urlencoded") || kind.contains("multipart/");
    let is_none = |kind: &str| {
        let kind = kind.split([';', ',']).next().unwrap_or_default().trim();
        !kind.contains('/') || kind.contains("form")
    };
    kinds().any(|kind| is_form(&kind)) || has_body && (kinds().next().is_none() || kinds().any(|kind| is_none(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_does_not_say_what_it_is_may_be_a_form() {
        let may = |kinds: &[&str], has_body: bool| {
            let mut headers = HeaderMap::new();
            for kind in kinds {
                headers.append(CONTENT_TYPE, kind.parse().unwrap());
            }
            may_be_a_form(&headers, has_body)
        };
        for kinds in [
            &[][..],
            &[""],
            &["; charset=utf-8"],
            &["json"],
            &["application/x-www-form-urlencoded"],
            &["Multipart/Form-Data; boundary=x"],
            &["application/json", "application/x-www-form-urlencoded"],
            &["application/json", ""],
        ] {
            assert!(may(kinds, true), "{kinds:?}");
        }
        for kinds in [&["application/json"][..], &["text/plain; charset=utf-8"], &["application/octet-stream"]] {
            assert!(!may(kinds, true), "{kinds:?}");
        }
        assert!(!may(&[], false) && !may(&[""], false), "there is none");
    }
}
