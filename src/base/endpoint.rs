use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::ServerUrl;

/// The URL at which an authorization server takes requests: `https`, or `http` on this machine. OAuth allows nothing
/// else (RFC 6749 §3.1, §3.2). It has no user name, password or fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint(Url);

/// The URL is not one that OAuth allows for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an https URL nor an http URL of this machine")]
pub struct EndpointError;

impl Endpoint {
    /// Parses an absolute URL. Fails if it is neither `https` nor `http` of this machine, or has a user name, a
    /// password or a fragment.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text).map_err(|_| EndpointError)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(EndpointError),
        };
        let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (safe && plain).then_some(Endpoint(url)).ok_or(EndpointError)
    }

    /// Parses a URL that an answer of this endpoint names. Fails where [`Endpoint::parse`] does, and also if this
    /// endpoint is `https` and the URL is `http`: a server elsewhere must not send loom to this machine, where the
    /// request could reach what listens to nobody else.
    pub fn named_by(&self, text: &str) -> Result<Self, EndpointError> {
        Endpoint::parse(text)
            .ok()
            .filter(|named| named.0.scheme() == "https" || self.0.scheme() == "http")
            .ok_or(EndpointError)
    }

    /// The URL as text, in the spelling of the `url` crate.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether the endpoint has the scheme, host and port of this server.
    pub fn is_at(&self, server: &ServerUrl) -> bool {
        server.is_origin_of(&self.0)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        Endpoint::parse(&text)
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> String {
        endpoint.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_spoken_to() {
        for good in
            ["https://a.example/token", "https://a.example/token?p=1", "http://127.0.0.1:1/t", "http://[::1]:1/t"]
        {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example/token",
            "http://localhost.evil.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://u:p@a.example/",
            "https://a.example/#x",
            "--version",
            "data:text/html,x",
            "",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_server_elsewhere_does_not_lead_to_this_machine() {
        let elsewhere = Endpoint::parse("https://a.example").unwrap();
        assert!(elsewhere.named_by("http://127.0.0.1:9200/token").is_err());
        assert!(elsewhere.named_by("https://b.example/token").is_ok());
        assert!(Endpoint::parse("http://127.0.0.1:1").unwrap().named_by("http://127.0.0.1:2/token").is_ok());
    }

    #[test]
    fn an_origin_is_compared_as_a_whole() {
        let server = ServerUrl::parse("https://a.example").unwrap();
        let at = |url| Endpoint::parse(url).unwrap().is_at(&server);
        assert!(at("https://a.example:443/x"));
        assert!(!at("https://a.example:444/x"));
        assert!(!at("https://b.example/x"));
    }
}
