use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::typed_server::typed;
use super::{ServerUrl, ServerUrlError, UrlPath};

/// Which servers are meant: one server and the paths below its own, or every host below a domain (`*.example`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPattern {
    any_below: bool,
    server: ServerUrl,
}

impl ServerPattern {
    /// Parses what a person types: `git.example`, `https://git.example/acme`, `*.example`. Without a scheme it is
    /// `https`.
    pub fn from_user(text: &str) -> Result<Self, ServerUrlError> {
        let text = typed(text)?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let (any_below, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        Ok(ServerPattern { any_below, server: ServerUrl::parse(&format!("{scheme}://{rest}"))? })
    }

    /// The server, if the pattern means exactly one.
    pub fn server(&self) -> Option<&ServerUrl> {
        (!self.any_below).then_some(&self.server)
    }

    /// Whether the pattern means this server.
    pub fn covers(&self, server: &ServerUrl) -> bool {
        if !self.any_below {
            return self.server.covers(server);
        }
        self.covers_host_of(server) && self.server.covers(&server.at_host_of(&self.server))
    }

    /// Whether the pattern means this server, or what is at this path of it for whoever reads that.
    pub fn covers_call(&self, origin: &ServerUrl, path: &UrlPath) -> bool {
        let named = if self.any_below { origin.at_host_of(&self.server) } else { origin.clone() };
        self.covers(origin)
            || self.covers_host_of(origin) && self.server.origin() == named && self.server.covers_path(path)
    }

    fn covers_host_of(&self, server: &ServerUrl) -> bool {
        let below = |own: &str| server.host().strip_suffix(own).is_some_and(|rest| rest.ends_with('.'));
        if self.any_below { below(self.server.host()) } else { server.host() == self.server.host() }
    }

    /// Whether this pattern means every server that `other` means.
    pub fn covers_all_of(&self, other: &ServerPattern) -> bool {
        match (self.any_below, other.any_below) {
            // Its own name is not below itself, but all below it are.
            (true, true) if self.server.host() == other.server.host() => self.server.covers(&other.server),
            (true, _) => self.covers(&other.server),
            (false, true) => false,
            (false, false) => self.server.covers(&other.server),
        }
    }
}

impl fmt::Display for ServerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.server.to_string();
        match (self.any_below, text.split_once("://")) {
            (true, Some((scheme, rest))) => write!(f, "{scheme}://*.{rest}"),
            _ => f.write_str(&text),
        }
    }
}

impl FromStr for ServerPattern {
    type Err = ServerUrlError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_user(text)
    }
}

impl Serialize for ServerPattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ServerPattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::from_user(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ServerPattern {
        ServerPattern::from_user(text).unwrap()
    }

    #[test]
    fn a_pattern_means_its_server_and_below_or_hosts_below_a_name() {
        let covers = |text: &str, server: &str| pattern(text).covers(&ServerUrl::parse(server).unwrap());
        assert!(covers("git.example", "https://git.example"));
        assert!(covers("git.example", "https://git.example/acme"));
        assert!(covers("https://git.example/acme", "https://git.example/acme/app"));
        assert!(!covers("https://git.example/acme", "https://git.example/acme-evil"));
        assert!(!covers("git.example", "http://git.example"));
        assert!(!covers("git.example", "https://git.example:8443"));
        assert!(covers("*.example", "https://git.example"));
        assert!(covers("*.example", "https://a.git.example/x"));
        assert!(!covers("*.example", "https://example"));
        assert!(!covers("*.git.example", "https://evilgit.example"));
        assert!(!covers("*.example:8443", "https://git.example"));
        assert!(!covers("*.example", "https://git.example.evil"));
        for bad in ["", "*", "*.", "https://*", "a*.example", "https://u@git.example", "*.*.example"] {
            assert!(ServerPattern::from_user(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wider_pattern_is_never_within_a_narrower_one() {
        let within = |narrow: &str, wide: &str| pattern(wide).covers_all_of(&pattern(narrow));
        assert!(within("git.example", "*.example"));
        assert!(within("*.git.example", "*.example"));
        assert!(within("*.example", "*.example"));
        assert!(within("https://git.example/acme", "git.example"));
        assert!(!within("*.example", "git.example"));
        assert!(!within("*.example", "*.git.example"));
        assert!(!within("git.example", "https://git.example/acme"));
        assert!(!within("example", "*.example"));
        for text in ["https://*.example/acme", "https://git.example", "http://*.dev.example:8080"] {
            assert_eq!(pattern(text).to_string(), text);
        }
    }
}
