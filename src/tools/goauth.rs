//! Go's `GOAUTH` (`go help goauth`): a command that says which headers go to which URLs.
//!
//! Go runs it once before it asks anybody, and again with the URL and the head of the answer where a server refused. A
//! header goes to everything below the URL that it is said for: to a whole origin where the credential is the origin's,
//! else to no more than what Go asked for.

use zeroize::Zeroizing;

use super::authorization::authorization;
use super::url::Place;
use crate::base::Tool;
use crate::wire::{Get, GitCredential, Proof};

/// What Go wants a header for.
pub struct GoRequest {
    place: Place,
    schemes: Vec<String>,
}

/// A question to the agent, and the URL that an answer to it is for.
pub struct GoQuestion {
    /// What the agent is asked.
    pub get: Get,
    /// Everything at this URL and below gets the header.
    pub prefix: String,
}

impl GoRequest {
    /// Parses a URL; `None` if it is none of HTTP over TLS, to which alone Go sends what it is told. `schemes` are the
    /// authentication schemes that the server offers; empty if it was not asked yet.
    pub fn parse(url: &str, schemes: Vec<String>) -> Option<GoRequest> {
        // What Go asked with belongs to its question, not to the place.
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let place = Place::parse(url).filter(Place::names_tls)?;
        Some(GoRequest { place, schemes })
    }

    /// The questions, of which the first that is answered counts.
    pub fn questions(&self) -> Vec<GoQuestion> {
        let origin = self.place.clone().with_path("");
        let mut places = vec![origin];
        if !self.place.path().is_empty() {
            places.push(self.place.clone());
        }
        let question = |place: Place| {
            let prefix = place.url();
            let exact = place.path().is_empty();
            let wanted = GitCredential { exact, ..place.credentials(None).pop()? };
            let schemes = self.schemes.clone();
            let get = Get { wanted, authtype: true, schemes, tool: Some(Tool::Go), ..Get::default() };
            Some(GoQuestion { get, prefix })
        };
        places.into_iter().filter_map(question).collect()
    }
}

/// The values of `WWW-Authenticate` in the head of an answer.
pub fn challenges(head: &[u8]) -> Vec<String> {
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().skip(1).take_while(|line| !line.is_empty());
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("www-authenticate").then(|| value.trim().to_owned())
    };
    lines.filter_map(value).collect()
}

/// A set of one URL and one header; nothing where a proof fits in no header.
pub fn print_headers(prefix: &str, proof: &Proof) -> Zeroizing<Vec<u8>> {
    let Some(value) = authorization(proof) else { return Zeroizing::default() };
    let text = Zeroizing::new(format!("{prefix}\n\nAuthorization: {}\n\n", *value));
    Zeroizing::new(text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn prefixes(url: &str) -> Vec<String> {
        let request = GoRequest::parse(url, Vec::new());
        request
            .map(|request| request.questions().into_iter().map(|question| question.prefix).collect())
            .unwrap_or_default()
    }

    #[test]
    fn the_origin_is_asked_for_first_and_then_what_go_wants() {
        let expected = ["https://proxy.example:8443", "https://proxy.example:8443/a/@v/list"];
        assert_eq!(prefixes("https://proxy.example:8443/a/@v/list?go-get=1"), expected);
    }

    #[test]
    fn nothing_is_said_for_what_go_sends_in_clear() {
        assert_eq!(prefixes("http://proxy.example/a"), Vec::<String>::new());
    }

    #[test]
    fn a_set_is_urls_headers_and_their_blank_lines() {
        let proof = Proof::Password { username: "u".to_owned(), password: Secret::new("p".to_owned()) };
        let said = print_headers("https://h.example", &proof);
        assert_eq!(&*said, b"https://h.example\n\nAuthorization: Basic dTpw\n\n");
    }

    #[test]
    fn what_a_server_offers_stands_in_the_head_of_its_answer() {
        let head =
            b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"x\"\r\n\r\nWWW-Authenticate: Basic\r\n";
        assert_eq!(challenges(head), ["Bearer realm=\"x\""]);
    }
}
