use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::ServerUrlError;
use super::url_parts::{encode_path, is_scheme, parse_authority, parse_path};

/// Which server a credential belongs to: scheme, host, port and an optional path prefix.
///
/// Parsed once and canonical from then on: lower-case scheme and ASCII host, the default port left
/// out, no trailing slash, never user info, query or fragment. Spellings that URL parsers fold
/// together (`0x7f.1`, `%2e`, `a/../b`, full-width dots) are refused rather than folded, so two
/// parsers can never disagree on which server is meant (CVE-2020-5260, -11008, CVE-2024-50338).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerUrl {
    scheme: String,
    host: String,
    port: Option<u16>,
    path: String,
}

impl ServerUrl {
    /// Parses an absolute URL.
    pub fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(ServerUrlError::Malformed)?;
        if !is_scheme(scheme) {
            return Err(ServerUrlError::Malformed);
        }
        if rest.contains(['?', '#']) {
            return Err(ServerUrlError::QueryOrFragment);
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) = parse_authority(&scheme.to_ascii_lowercase(), authority)?;
        let url = ServerUrl { scheme: scheme.to_ascii_lowercase(), host, port, path: parse_path(path)? };
        Ok(url)
    }

    /// Parses what a person types after `--server`: a bare host means `https://HOST`.
    pub fn from_user(text: &str) -> Result<Self, ServerUrlError> {
        // Marks of direction come along when an address is copied out of a right-to-left sentence.
        let text = text.trim_matches(|c| matches!(c, '\u{2066}'..='\u{2069}'));
        match text.contains("://") {
            true => Self::parse(text),
            false => Self::parse(&format!("https://{text}")),
        }
    }

    /// Builds the URL from git's attributes `protocol`, `host` (with port) and `path`.
    pub fn from_parts(protocol: &str, host: &str, path: Option<&str>) -> Result<Self, ServerUrlError> {
        if host.is_empty() {
            return Err(ServerUrlError::NoHost);
        }
        if host.contains(['/', '?', '#']) {
            return Err(ServerUrlError::OddHost);
        }
        Self::parse(&format!("{protocol}://{host}{}", encode_path(path.unwrap_or_default())?))
    }

    /// The scheme in lower case, for instance `https`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path prefix without a trailing slash: empty, or `/a/b`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same server without a path.
    pub fn origin(&self) -> ServerUrl {
        ServerUrl { path: String::new(), ..self.clone() }
    }

    /// Whether both name the same scheme, host and port.
    pub fn same_origin(&self, other: &ServerUrl) -> bool {
        (&self.scheme, &self.host, self.port) == (&other.scheme, &other.host, other.port)
    }

    /// Whether `other` lies at or below this URL: same origin, and this path is a prefix of whole segments.
    pub fn covers(&self, other: &ServerUrl) -> bool {
        self.same_origin(other)
            && other.path.strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The same path on the host of another, with the scheme and port of this one.
    pub(super) fn at_host_of(&self, other: &ServerUrl) -> ServerUrl {
        ServerUrl { host: other.host.clone(), ..self.clone() }
    }

    /// The URL of an endpoint below this server; `path` starts with `/`.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Whether a page or endpoint lies at this server's own scheme, host and port.
    pub fn is_origin_of(&self, url: &Url) -> bool {
        ServerUrl::parse(&url.origin().ascii_serialization()).is_ok_and(|origin| origin.same_origin(self))
    }

    /// Whether what is sent there travels unencrypted over a network: `http` to a host that is not this machine.
    pub fn is_cleartext(&self) -> bool {
        self.scheme == "http" && !self.is_loopback()
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host == "[::1]"
            || self.host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for ServerUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ServerUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> ServerUrlError {
        ServerUrl::parse(text).expect_err(text)
    }

    #[test]
    fn case_and_the_default_port_make_no_difference() {
        assert_eq!(
            ServerUrl::parse("HTTPS://Git.Example:443/").unwrap(),
            ServerUrl::parse("https://git.example").unwrap()
        );
        assert_ne!(
            ServerUrl::parse("https://git.example:80").unwrap(),
            ServerUrl::parse("https://git.example").unwrap()
        );
        assert_ne!(ServerUrl::parse("http://git.example").unwrap(), ServerUrl::parse("https://git.example").unwrap());
        assert_eq!(ServerUrl::from_user("git.example").unwrap().to_string(), "https://git.example");
    }

    #[test]
    fn odd_hosts_and_ports_are_refused_not_folded() {
        for host in [
            "a.example.",
            "[fe80::1%eth0]",
            "a%2eexample",
            "a example",
            "a\\b",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "a..b",
            "017700000001",
            "[::0:1]",
            "a\u{ff0e}example",
        ] {
            assert!(ServerUrl::parse(&format!("https://{host}/")).is_err(), "{host}");
        }
        for port in ["0", "65536", "+443", "00443", "", " 443", "4 43", "-1"] {
            assert!(ServerUrl::parse(&format!("https://a.example:{port}/")).is_err(), "{port}");
        }
        assert_eq!(refused("https://good.example:x@evil.example/"), ServerUrlError::UserInfo);
        assert_eq!(refused("https:///x"), ServerUrlError::NoHost);
        assert_eq!(refused("https://a.example/?q"), ServerUrlError::QueryOrFragment);
        assert_eq!(
            refused("https://b\u{fc}cher.example"),
            ServerUrlError::NotAscii { a_label: "xn--bcher-kva.example".into() }
        );
    }

    #[test]
    fn a_path_covers_whole_segments_only() {
        let url = |t: &str| ServerUrl::parse(t).unwrap();
        assert!(url("https://a.example/org").covers(&url("https://a.example/org/repo.git")));
        assert!(url("https://a.example").covers(&url("https://a.example/org")));
        assert!(!url("https://a.example/org").covers(&url("https://a.example/org-evil")));
        assert!(!url("https://a.example/org").covers(&url("https://a.example")));
        assert!(!url("https://a.example:1").covers(&url("https://a.example:2")));
        for path in ["/org/../other", "/org/%2e%2e/x", "//org", "/a//b", "/a//", "//", "/a/./b", "/a\\b", "/a%2Fb"] {
            assert_eq!(refused(&format!("https://a.example{path}")), ServerUrlError::OddPath, "{path}");
        }
    }

    #[test]
    fn the_path_git_sends_is_escaped_once() {
        let path = |p| ServerUrl::from_parts("https", "a.example", Some(p)).map(|url| url.path().to_owned());
        assert_eq!(path("org/My Project/_git/x").unwrap(), "/org/My%20Project/_git/x");
        assert_eq!(path("org/%2e%2e/x").unwrap(), "/org/%252e%252e/x");
        assert_eq!(path("org/../x").unwrap_err(), ServerUrlError::OddPath);
        assert_eq!(path("/org//x").unwrap_err(), ServerUrlError::OddPath);
    }

    #[test]
    fn only_this_machine_may_be_reached_in_clear() {
        for loopback in ["http://localhost:1", "http://127.3.2.1", "http://[::1]:8"] {
            assert!(!ServerUrl::parse(loopback).unwrap().is_cleartext(), "{loopback}");
        }
        assert!(ServerUrl::parse("http://localhost.example").unwrap().is_cleartext());
    }
}
