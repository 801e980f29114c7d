//! How two servers' URLs lie to each other, which decides whether a credential of the one may go to the other: only to
//! its own origin, and there only at or below its own path, by whole segments.

use url::Url;

use super::super::UrlPath;
use super::super::url_path::lies_below;
use super::ServerUrl;

impl ServerUrl {
    /// Whether both name the same scheme, host and port, or the same file.
    pub fn same_origin(&self, other: &ServerUrl) -> bool {
        (&self.scheme, &self.host, self.port) == (&other.scheme, &other.host, other.port)
            && (!self.is_file() || self.path == other.path)
    }

    /// Whether `other` lies at or below this URL: same origin, and this path is a prefix of whole segments.
    pub fn covers(&self, other: &ServerUrl) -> bool {
        self.same_origin(other) && lies_below(&other.path, &self.path)
    }

    /// Whether a path at this server's origin lies at or below this URL's path.
    pub fn covers_path(&self, path: &UrlPath) -> bool {
        path.lies_below(&self.path)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_whole_segments_only() {
        let url = |t: &str| ServerUrl::parse(t).unwrap();
        assert!(url("https://a.example/org").covers(&url("https://a.example/org/repo.git")));
        assert!(url("https://a.example").covers(&url("https://a.example/org")));
        assert!(!url("https://a.example/org").covers(&url("https://a.example/org-evil")));
        assert!(!url("https://a.example/org").covers(&url("https://a.example")));
        assert!(!url("https://a.example:1").covers(&url("https://a.example:2")));
    }

    #[test]
    fn only_this_machine_may_be_reached_in_clear() {
        for loopback in ["http://localhost:1", "http://127.3.2.1", "http://[::1]:8"] {
            assert!(!ServerUrl::parse(loopback).unwrap().is_cleartext(), "{loopback}");
        }
        assert!(ServerUrl::parse("http://localhost.example").unwrap().is_cleartext());
    }
}
