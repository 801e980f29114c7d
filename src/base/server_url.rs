//! A server's URL in its one spelling. What two parsers could read in two ways is refused and not folded together, so
//! that a credential cannot reach another server than the one that was meant.

mod relations;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ServerUrlError;
use super::typed_server::typed;
use super::url_parts::{encode_file, encode_path, is_scheme, parse_authority, parse_file, parse_path};

/// The scheme under which git asks for the passphrase of a client certificate: it has a file in place of a host.
const FILE_SCHEME: &str = "cert";

/// Which server a credential belongs to: scheme, host, port and an optional path prefix.
///
/// Parsed once and canonical from then on: lower-case scheme and ASCII host, the default port left
/// out, no trailing slash, never user info, query or fragment. Spellings that URL parsers fold
/// together (`0x7f.1`, `%2e`, `a/../b`, full-width dots) are refused rather than folded, so two
/// parsers can never disagree on which server is meant (CVE-2020-5260, -11008, CVE-2024-50338).
///
/// One scheme has no host: `cert:///home/me/cert.pem` is the file of a client certificate, whose passphrase git asks
/// for as it asks for passwords. Such a file is an origin of its own: nothing lies below it or beside it.
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
        let scheme = scheme.to_ascii_lowercase();
        if scheme == FILE_SCHEME && authority.is_empty() {
            return Ok(ServerUrl { scheme, host: String::new(), port: None, path: parse_file(path)? });
        }
        let (host, port) = parse_authority(&scheme, authority)?;
        Ok(ServerUrl { scheme, host, port, path: parse_path(path)? })
    }

    /// Parses what a person types after `--server`: a bare host means `https://HOST`.
    pub fn from_user(text: &str) -> Result<Self, ServerUrlError> {
        let text = typed(text)?;
        if text.contains("://") { Self::parse(text) } else { Self::parse(&format!("https://{text}")) }
    }

    /// Builds the URL from git's attributes `protocol`, `host` (perhaps with a port) and `path`, which git sends
    /// decoded.
    pub fn from_parts(protocol: &str, host: &str, path: Option<&str>) -> Result<Self, ServerUrlError> {
        if host.is_empty() && protocol == FILE_SCHEME {
            return Self::parse(&format!("{protocol}://{}", encode_file(path.unwrap_or_default())?));
        }
        if host.is_empty() {
            return Err(ServerUrlError::NoHost);
        }
        if host.contains(['/', '?', '#']) {
            return Err(ServerUrlError::OddHost);
        }
        Self::parse(&format!("{protocol}://{host}{}", encode_path(path.unwrap_or_default())?))
    }

    /// The same of a path as it stands in a URL. What is escaped there so that two programs could read it differently
    /// names nothing but itself: what is kept for the host, or above it, counts for it.
    pub fn from_escaped_parts(protocol: &str, host: &str, path: Option<&str>) -> Result<Self, ServerUrlError> {
        // What is wrong with the rest is wrong with any path.
        let origin = Self::from_parts(protocol, host, None)?;
        let written = path.unwrap_or_default();
        Self::parse(&format!("{origin}/{}", written.trim_start_matches('/')))
            .or_else(|_| Self::from_parts(protocol, host, path))
    }

    /// The scheme in lower case, for instance `https`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host in lower case; an IPv6 address keeps its brackets. Empty if the URL names a client certificate's file.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path prefix without a trailing slash: empty, or `/a/b`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the URL names the file of a client certificate and no server.
    pub fn is_file(&self) -> bool {
        self.host.is_empty()
    }

    /// This server without a path. The URL of a client certificate's file stays as it is.
    pub fn origin(&self) -> ServerUrl {
        if self.is_file() { self.clone() } else { ServerUrl { path: String::new(), ..self.clone() } }
    }

    /// Whether the port is another than the default one of the scheme.
    pub fn names_port(&self) -> bool {
        self.port.is_some()
    }

    /// This URL with the host of `other`; scheme, port and path stay.
    pub(super) fn at_host_of(&self, other: &ServerUrl) -> ServerUrl {
        ServerUrl { host: other.host.clone(), ..self.clone() }
    }

    /// The URL of an endpoint below this server; `path` starts with `/`.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{self}{path}")
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
            "a.example&x",
            "a.example;x",
            "a.example,b.example",
            "a.example=x",
            "a.example!",
            "~a",
            "(a)",
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
    fn what_no_host_or_file_is_named_is_refused_for_its_length() {
        let host = |length: usize| {
            let labels = "a".repeat(60) + ".";
            labels.repeat(9)[..length - 1].to_owned() + "b"
        };
        assert!(ServerUrl::parse(&format!("https://{}:8443/x", host(253))).is_ok());
        assert_eq!(refused(&format!("https://{}", host(254))), ServerUrlError::TooLong);
        assert_eq!(refused(&format!("https://{}", "\u{e9}".repeat(60_000))), ServerUrlError::TooLong);
        assert!(ServerUrl::parse(&format!("{}://a.example", "s".repeat(60_000))).is_err());
        let file = |length: usize| ServerUrl::from_parts("cert", "", Some(&"/a".repeat(length)));
        assert!(file(1_000).is_ok());
        assert_eq!(file(60_000).unwrap_err(), ServerUrlError::TooLong);
        assert_eq!(refused(&format!("cert://{}", "/a".repeat(60_000))), ServerUrlError::TooLong);
    }

    #[test]
    fn a_path_that_servers_could_read_in_two_ways_is_refused() {
        for path in [
            "/org/../other",
            "/org/%2e%2e/x",
            "//org",
            "/a//b",
            "/a//",
            "//",
            "/a/./b",
            "/a\\b",
            "/a%2Fb",
            "/a%0ab",
            "/a%0Db",
            "/%00",
        ] {
            assert_eq!(refused(&format!("https://a.example{path}")), ServerUrlError::OddPath, "{path}");
        }
    }

    #[test]
    fn the_path_git_sends_is_escaped_once() {
        let path = |p| ServerUrl::from_parts("https", "a.example", Some(p)).map(|url| url.path().to_owned());
        assert_eq!(path("org/My Project/_git/x").unwrap(), "/org/My%20Project/_git/x");
        assert_eq!(path("org/100%/x").unwrap(), "/org/100%25/x");
        assert_eq!(path("group%2Fproject").unwrap(), "/group%252Fproject");
        for odd in [
            "org/../x",
            "/org//x",
            "org/%2e%2e/x",
            "org/..%2fx",
            "org/%252e./x",
            "org/..;/x",
            "org/.\t./x",
            "x\ty",
            "org/.\u{200b}./x",
        ] {
            assert_eq!(path(odd).unwrap_err(), ServerUrlError::OddPath, "{odd}");
        }
    }

    #[test]
    fn the_path_of_a_url_is_not_escaped_once_more() {
        let path = |p| ServerUrl::from_escaped_parts("https", "a.example", Some(p)).map(|url| url.path().to_owned());
        assert_eq!(path("org/My%20Project/").unwrap(), "/org/My%20Project");
        assert_eq!(path("%7Euser").unwrap(), "/%7Euser");
        assert_eq!(path("100%25/x").unwrap(), "/100%25/x");
        // No server has this path, and none of another spelling is meant.
        assert_eq!(path("group%2Fproject").unwrap(), "/group%252Fproject");
        for odd in ["org/../x", "org/%2e%2e/x", "org/%252e%252e/x"] {
            assert_eq!(path(odd).unwrap_err(), ServerUrlError::OddPath, "{odd}");
        }
    }

    #[test]
    fn a_certificates_file_has_no_host_and_is_an_origin_of_its_own() {
        let file = |path| ServerUrl::from_parts("cert", "", Some(path));
        let own = file("/home/me/a cert|1.pem").unwrap();
        assert_eq!(own.to_string(), "cert:///home/me/a%20cert%7C1.pem");
        assert_eq!(ServerUrl::parse(&own.to_string()).unwrap(), own);
        assert_eq!(file("home/me/a cert|1.pem").unwrap(), own, "as git parses a URL");
        assert!(own.is_file());
        assert!(own.covers(&own));
        assert!(own.same_origin(&own.origin()));
        for odd in ["/home/me/../you/c.pem", "/a//b.pem", "./c.pem", "/%2e/c.pem", "/c\\d.pem"] {
            let odd = file(odd).unwrap();
            assert_eq!(ServerUrl::parse(&odd.to_string()).unwrap(), odd);
        }
        for other in ["/home/me/a cert|1.pem/x", "/home/me", "/home/me/A cert|1.pem"] {
            let other = file(other).unwrap();
            assert!(!own.covers(&other), "{other}");
            assert!(!other.covers(&own), "{other}");
            assert!(!own.same_origin(&other), "{other}");
        }
        for nothing in [None, Some(""), Some("/"), Some("/a\nb")] {
            assert!(ServerUrl::from_parts("cert", "", nothing).is_err());
        }
        for text in
            ["cert://", "cert:///", "cert:////a", "cert:///a b", "cert:///a%0ab", "cert:///%61", "cert:///a%2fb"]
        {
            assert!(ServerUrl::parse(text).is_err(), "{text}");
        }
        for scheme in ["https", "http", "smtp", "file", "certs"] {
            assert_eq!(ServerUrl::from_parts(scheme, "", Some("/home/me/c.pem")).unwrap_err(), ServerUrlError::NoHost);
        }
        assert!(!own.same_origin(&ServerUrl::from_parts("cert", "home", Some("me/a cert|1.pem")).unwrap()));
    }
}
