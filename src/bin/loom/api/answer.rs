//! What `loom api` makes of a server's answer: the next page, and the reason of a refusal in the server's own words,
//! cut and made printable.

use loom_credentials::base::{ServerUrl, missing_scope};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};
use serde_json::Value;

/// The head of an answer.
pub struct Head {
    pub version: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The headers of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_it = move |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers.iter().filter(is_it).map(|(_, value)| value.as_str())
    }

    /// The next page, where there is one (RFC 8288).
    pub fn next_page(&self) -> Option<String> {
        let links = self.all("link").flat_map(|value| value.split(",<").flat_map(|part| part.split(", <")));
        let next = links.filter_map(|link| {
            let (target, parameters) = link.trim().trim_start_matches('<').split_once('>')?;
            let is_next = parameters.split(';').any(|parameter| {
                parameter.trim().split_once('=').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("rel")
                        && value.trim().trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next"))
                })
            });
            is_next.then(|| target.to_owned())
        });
        next.into_iter().next()
    }
}

/// Why a server refused a call, in its own words where it has some: `body` is the beginning of its answer.
pub fn refused(server: &ServerUrl, head: &Head, body: &[u8]) -> Fault {
    let detail = serde_json::from_slice(body).ok().and_then(|body| detail(&body));
    if let (403, Some(scope)) = (head.status, missing_scope(head.all("www-authenticate"), body)) {
        return reason::Command::ApiScopeMissing { server: server.clone(), scope }.into();
    }
    let (server, status) = (server.clone(), head.status);
    let fault = Fault::from(match detail {
        Some(detail) => reason::Command::ApiRefusedBecause { server, status, detail },
        None => reason::Command::ApiRefused { server, status },
    });
    if status == 429 { fault.hint(msg!("hint-api-too-many")) } else { fault }
}

/// What servers say went wrong: the first text there is under the usual keys.
fn detail(body: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        // Where each value that is wrong is named.
        Value::Array(parts) => {
            let said: Vec<&str> = parts.iter().filter_map(|part| part["msg"].as_str().or(part.as_str())).collect();
            Some(said.join("; "))
        }
        Value::Object(inner) => inner.get("message").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let keys = ["detail", "message", "error_description", "error", "title"];
    let found = keys.iter().filter_map(|key| text(&body[*key])).find(|text| !text.is_empty())?;
    Some(found.chars().take(LONGEST).collect())
}

/// A sentence, not a page.
const LONGEST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, name: &str, value: &str) -> Head {
        Head { version: "HTTP/1.1".to_owned(), status, headers: vec![(name.to_owned(), value.to_owned())] }
    }

    #[test]
    fn the_next_page_is_found_among_links() {
        let next = |value: &str| head(200, "Link", value).next_page();
        assert_eq!(
            next(r#"<https://a.example/x?page=2,3>; rel="next", <https://a.example/x?page=9>; rel="last""#).as_deref(),
            Some("https://a.example/x?page=2,3")
        );
        assert_eq!(next("</x?page=1>; rel=prev,</x?page=3>; title=\"a\"; rel=next").as_deref(), Some("/x?page=3"));
        assert_eq!(next(r#"<https://a.example/x>; rel="last""#), None);
    }

    #[test]
    fn what_a_server_says_of_a_refusal_is_found() {
        let server = ServerUrl::parse("https://a.example").unwrap();
        let id = |head: &Head, body: &str| {
            refused(&server, head, body.as_bytes()).message(loom_credentials::base::Locale::En)
        };
        assert!(
            id(&head(403, "x", ""), r#"{"detail":"Insufficient permissions. Required scope: admin"}"#)
                .ends_with("scope admin")
        );
        assert!(
            id(&head(403, "www-authenticate", r#"Bearer error="insufficient_scope", scope="repo user""#), "")
                .ends_with("scope repo user")
        );
        assert!(
            id(&head(422, "x", ""), r#"{"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too long"}]}"#)
                .ends_with("field required; too long")
        );
        assert!(id(&head(404, "x", ""), r#"{"error":"Not Found","path":"/x"}"#).ends_with("Not Found"));
        assert!(id(&head(500, "x", ""), "<html>").contains("500"));
    }
}
