//! What is known beforehand about hosts that publish no metadata, or not all that a login needs: `known_hosts.toml`.
//!
//! It is believed of https at the usual port only. A client id stands there only where a host, or the software that
//! runs there, ships one for credential helpers: a borrowed one would show its owner's name to the person who approves.
//! The person's own client always goes first.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::base::{Endpoint, OAuthSettings, ServerUrl, TokenPage};

/// One entry of `known_hosts.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownHost {
    /// Host names; `*.` stands for one label or more.
    #[serde(default)]
    hosts: Vec<String>,
    /// In place of host names: the path of the token endpoint below the issuer's, by which all servers of one software
    /// are recognised.
    #[serde(default)]
    token_path: Option<String>,
    /// The page on which a person registers a client of their own.
    #[serde(default)]
    register_at: Option<String>,
    /// Whether the user name in a clone URL is the name of an organization, and any name goes with a token.
    #[serde(default)]
    user_is_organization: bool,
    #[serde(default)]
    oauth: OAuthSettings,
    /// Where a person makes a token by hand, as long as they have no client of their own.
    #[serde(default)]
    token_page: Option<TokenPage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownHosts {
    host: Vec<KnownHost>,
}

static KNOWN: LazyLock<Vec<KnownHost>> = LazyLock::new(|| {
    // The file is part of the program; a test parses it.
    toml_edit::de::from_str(include_str!("known_hosts.toml")).map_or_else(|_| Vec::new(), |file: KnownHosts| file.host)
});

/// How to log in at this host, as far as loom knows; empty if it does not. Only `https` at the usual port is known:
/// without TLS nobody vouches for a name.
pub fn settings(server: &ServerUrl) -> OAuthSettings {
    entry(server).map(|entry| entry.oauth.clone()).unwrap_or_default()
}

/// The page on which a person registers a client of their own at this host.
pub fn register_at(server: &ServerUrl) -> Option<&'static str> {
    entry(server)?.register_at.as_deref()
}

/// Whether this is a host of the list.
pub fn is_known(server: &ServerUrl) -> bool {
    entry(server).is_some()
}

/// The page at which a person makes a token by hand at this host.
pub fn token_page(server: &ServerUrl) -> Option<&'static TokenPage> {
    entry(server)?.token_page.as_ref()
}

/// Whether the user name in this host's URLs stands for the organization that owns a repository, and for no account.
pub fn user_is_organization(server: &ServerUrl) -> bool {
    entry(server).is_some_and(|entry| entry.user_is_organization)
}

/// What is known of the software of a server, recognised by the path of its token endpoint below the issuer's.
pub(super) fn make(issuer: &str, token_endpoint: &Endpoint) -> Option<&'static OAuthSettings> {
    let issuer = Endpoint::parse(issuer).ok()?;
    let path = token_endpoint.url().path().strip_prefix(issuer.url().path().trim_end_matches('/'))?;
    KNOWN.iter().find(|entry| entry.token_path.as_deref() == Some(path)).map(|entry| &entry.oauth)
}

fn entry(server: &ServerUrl) -> Option<&'static KnownHost> {
    let origin_is_plain = server.origin().to_string() == format!("https://{}", server.host());
    let is = |name: &String| match name.strip_prefix("*.") {
        Some(domain) => server.host().strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => server.host() == name,
    };
    KNOWN.iter().find(|entry| origin_is_plain && entry.hosts.iter().any(is))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<&'static KnownHost> {
        entry(&ServerUrl::parse(url).unwrap())
    }

    #[test]
    fn the_file_parses_and_every_entry_can_be_found() {
        let file: KnownHosts = toml_edit::de::from_str(include_str!("known_hosts.toml")).unwrap();
        for entry in &file.host {
            assert!(entry.hosts.is_empty() != entry.token_path.is_none(), "by name or by make: {entry:?}");
            for host in &entry.hosts {
                assert!(of(&format!("https://{}", host.replace('*', "x"))).is_some(), "{host}");
            }
        }
    }

    #[test]
    fn a_host_that_only_looks_like_a_known_one_is_not() {
        assert!(of("https://github.com").is_some());
        assert!(of("https://acme.okta.com").is_some());
        for other in
            ["https://github.com.evil.example", "https://evilgithub.com", "https://github.com:8443", "https://okta.com"]
        {
            assert!(of(other).is_none(), "{other}");
        }
    }
}
