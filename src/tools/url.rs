//! What a tool says of a place, in git's words. The agent makes a server of them, strictly; here it is only taken
//! apart, by one rule, so that nothing can be read in two ways.

use std::net::IpAddr;

use crate::base::Secret;
use crate::wire::{Get, GitCredential, Store};

/// A place as a tool named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether the tool named the scheme, and which.
    scheme: Option<Scheme>,
    host: String,
    /// Without a slash at its ends; empty for none.
    path: String,
    /// Whether nothing counts here that is kept for a shorter path.
    exact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Place {
    /// Parses `[SCHEME://]HOST[:PORT][/PATH]`. `None` for other schemes, and where a user, a query, a fragment, a
    /// backslash, an empty part of the path, a blank or a control character makes it something else than a place.
    pub(super) fn parse(text: &str) -> Option<Place> {
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || "\\?#".contains(c)) {
            return None;
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(Scheme::Https), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(Scheme::Http), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.strip_suffix('/').unwrap_or(path);
        let is_odd = path.starts_with('/') || path.ends_with('/') || path.contains("//");
        let place = Place { scheme, host: host.to_owned(), path: path.to_owned(), exact: false };
        // Before the host it would be a user; in a path it is a letter like others.
        (!host.is_empty() && !host.contains('@') && !is_odd).then_some(place)
    }

    /// The host with its port, if one was named.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The path without a slash at its ends.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the scheme was named, and is that of TLS.
    pub(super) fn names_tls(&self) -> bool {
        self.scheme == Some(Scheme::Https)
    }

    /// The URL of what is meant over TLS.
    pub(super) fn url(&self) -> String {
        let slash = if self.path.is_empty() { "" } else { "/" };
        format!("https://{}{slash}{}", self.host, self.path)
    }

    /// The same place with another path.
    pub(super) fn with_path(self, path: &str) -> Place {
        Place { path: path.to_owned(), ..self }
    }

    /// The same place, of which only what is kept for it itself counts.
    pub(super) fn exactly(self) -> Place {
        Place { exact: true, ..self }
    }

    /// The same place at another host.
    pub(super) fn with_host(self, host: &str) -> Place {
        Place { host: host.to_owned(), ..self }
    }

    /// In git's words. A place without a scheme is meant over TLS, and at this machine perhaps without.
    pub(super) fn credentials(&self, username: Option<&str>) -> Vec<GitCredential> {
        let of = |protocol: &str| GitCredential {
            protocol: protocol.to_owned(),
            host: self.host.clone(),
            path: (!self.path.is_empty()).then(|| self.path.clone()),
            escaped: self.path.contains('%'),
            username: username.map(str::to_owned),
            exact: self.exact,
        };
        match self.scheme {
            Some(Scheme::Https) => vec![of("https")],
            Some(Scheme::Http) => vec![of("http")],
            None if self.is_loopback() => vec![of("https"), of("http")],
            None => vec![of("https")],
        }
    }

    /// Where something for this place is kept: where the tool does not say it, a program of this machine speaks without
    /// TLS, and everybody else with it.
    pub(super) fn to_keep(&self, username: Option<&str>) -> GitCredential {
        let mut all = self.credentials(username);
        all.swap_remove(all.len() - 1)
    }

    /// What a tool brings for this place.
    pub(super) fn store(&self, username: &str, secret: Secret) -> Box<Store> {
        let which = self.to_keep(Some(username));
        Box::new(Store {
            which,
            authtype: None,
            secret,
            password_expiry_utc: None,
            oauth_refresh_token: None,
            // Whose helper it is, says who starts it.
            tool: None,
        })
    }

    /// The questions for what may be shown here as a header.
    pub(super) fn headers(&self) -> Vec<Get> {
        let of = |get: Get| Get { authtype: true, schemes: vec!["bearer".to_owned()], ..get };
        self.passwords(None).into_iter().map(of).collect()
    }

    /// The questions for what may be shown here as a token: what was kept here under this name before anything else.
    pub(super) fn tokens(&self, username: &str) -> Vec<Get> {
        let named = self.passwords(Some(username)).into_iter();
        let of = |get: Get| Get { authtype: true, schemes: vec!["bearer".to_owned()], ..get };
        named.chain(self.passwords(None)).map(of).collect()
    }

    /// The questions for what may be shown here, as a user name and a password.
    pub(super) fn passwords(&self, username: Option<&str>) -> Vec<Get> {
        self.credentials(username).into_iter().map(|wanted| Get { wanted, ..Get::default() }).collect()
    }

    fn is_loopback(&self) -> bool {
        let host = match self.host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        };
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocols(text: &str) -> Vec<String> {
        let place = Place::parse(text).unwrap();
        place.credentials(None).into_iter().map(|wanted| wanted.protocol).collect()
    }

    #[test]
    fn a_place_without_a_scheme_is_meant_over_tls() {
        assert_eq!(protocols("registry.example:5000/team"), ["https"]);
    }

    #[test]
    fn at_this_machine_it_may_be_without_tls_too() {
        for text in ["localhost:5000", "127.0.0.1", "[::1]:5000"] {
            assert_eq!(protocols(text), ["https", "http"], "{text}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_no_place() {
        let texts = [
            "",
            "https://",
            "ftp://host",
            "a@host",
            "host\\x",
            "host?x",
            "host#x",
            "host x",
            "host\n",
            "http:///x",
            "/x",
            "https://host//x",
            "https://host/x//",
            "https://host/a//b",
        ];
        for text in texts {
            assert_eq!(Place::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_path_with_an_escape_is_said_to_be_one_of_a_url() {
        let escaped = |text: &str| Place::parse(text).unwrap().credentials(None).remove(0).escaped;
        assert!(escaped("https://host/My%20Project"));
        assert!(!escaped("https://host/project"));
    }

    #[test]
    fn a_path_has_no_slash_at_its_ends() {
        assert_eq!(Place::parse("https://host/a/b/").unwrap().path(), "a/b");
    }
}
