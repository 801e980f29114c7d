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

impl GoRequest {
    /// Parses a URL; `None` if it is none of HTTP over TLS, to which alone Go sends what it is told. `schemes` are the
    /// authentication schemes that the server offers; empty if it was not asked yet.
    pub fn parse(url: &str, schemes: Vec<String>) -> Option<GoRequest> {
        // What Go asked with belongs to its question, not to the place.
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let place = Place::parse(url).filter(Place::names_tls)?;
        Some(GoRequest { place, schemes })
    }

    /// What the agent is asked.
    pub fn question(&self) -> Option<Get> {
        self.get(self.place.credentials(None).pop()?)
    }

    /// What the agent is asked besides: where the same is kept for the whole origin, Go need not ask for each module.
    pub fn question_of_origin(&self) -> Option<Get> {
        let origin = self.place.clone().with_path("");
        self.get(GitCredential { exact: true, ..origin.credentials(None).pop()? })
    }

    /// What Go is told: the header for everything below the URL that it asked about, or below its origin. Nothing where
    /// a proof fits in no header.
    pub fn print(&self, proof: &Proof, of_origin: Option<&Proof>) -> Zeroizing<Vec<u8>> {
        let Some(value) = authorization(proof) else { return Zeroizing::default() };
        let is_origins = of_origin.and_then(authorization).is_some_and(|other| other == value);
        let place = if is_origins { self.place.clone().with_path("") } else { self.place.clone() };
        let text = Zeroizing::new(format!("{}\n\nAuthorization: {}\n\n", place.url(), *value));
        Zeroizing::new(text.as_bytes().to_vec())
    }

    fn get(&self, wanted: GitCredential) -> Option<Get> {
        let schemes = self.schemes.clone();
        Some(Get { wanted, authtype: true, schemes, tool: Some(Tool::Go), ..Get::default() })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn proof(password: &str) -> Proof {
        Proof::Password { username: "u".to_owned(), password: Secret::new(password.to_owned()) }
    }

    fn said(of_origin: &str) -> String {
        let request = GoRequest::parse("https://h.example:8443/a/@v/list?go-get=1", Vec::new()).unwrap();
        String::from_utf8_lossy(&request.print(&proof("p"), Some(&proof(of_origin)))).into_owned()
    }

    #[test]
    fn what_is_kept_for_the_origin_goes_to_all_of_it() {
        assert_eq!(said("p"), "https://h.example:8443\n\nAuthorization: Basic dTpw\n\n");
    }

    #[test]
    fn anything_else_goes_to_no_more_than_what_go_asked_for() {
        assert_eq!(said("other"), "https://h.example:8443/a/@v/list\n\nAuthorization: Basic dTpw\n\n");
    }

    #[test]
    fn nothing_is_said_for_what_go_sends_in_clear() {
        assert!(GoRequest::parse("http://proxy.example/a", Vec::new()).is_none());
    }

    #[test]
    fn what_a_server_offers_stands_in_the_head_of_its_answer() {
        let head =
            b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"x\"\r\n\r\nWWW-Authenticate: Basic\r\n";
        assert_eq!(challenges(head), ["Bearer realm=\"x\""]);
    }
}
