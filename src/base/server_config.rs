use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::{OAuthSettings, Route, Secret, ServerUrl, TokenPage, second_origin};
use crate::os::directories;

/// One entry `[[server]]` of the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    pub(super) url: ServerUrl,
    /// Whether credentials may be sent to this server unencrypted.
    #[serde(default)]
    pub(super) allow_http: bool,
    /// Whether passwords that git approves for this server are stored.
    #[serde(default = "yes")]
    pub(super) keep: bool,
    /// A PEM file of certificate authorities that are trusted for this server, beside the system's.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// A PEM file with the certificate chain that loom shows to the server.
    #[serde(default)]
    client_certificate: Option<PathBuf>,
    #[serde(default)]
    client_key: Option<PathBuf>,
    /// The proxy through which the server is reached, whatever the environment says.
    #[serde(default, deserialize_with = "proxy")]
    proxy: Option<Proxy>,
    /// Names of headers that calls of the server's API may have beside those that are allowed everywhere.
    #[serde(default)]
    api_headers: Vec<String>,
    /// The server whose accounts are offered here.
    #[serde(default)]
    pub(super) login: Option<ServerUrl>,
    /// The user name that is sent here with an account of `login`.
    #[serde(default, deserialize_with = "second_origin::username")]
    pub(super) username: Option<String>,
    #[serde(default)]
    oauth: OAuthSettings,
    /// Where a person makes a token by hand.
    #[serde(default)]
    token_page: Option<TokenPage>,
}

/// The proxy that the settings name for a server.
#[derive(Clone, Debug)]
enum Proxy {
    /// There is to be none.
    Direct,
    /// Its address may hold a password.
    Through(Secret),
}

/// What differs for one server's TLS. Nothing here turns verification off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// A PEM file of certificate authorities that are trusted for this server, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the certificate chain that loom shows to the server.
    pub client_certificate: Option<PathBuf>,
    /// A PEM file with the private key of that certificate.
    pub client_key: Option<PathBuf>,
}

impl ServerConfig {
    /// How to log in at the server, as far as the settings say.
    pub fn oauth(&self) -> &OAuthSettings {
        &self.oauth
    }

    /// Whether the settings say how to log in here.
    pub fn describes_login(&self) -> bool {
        self.oauth != OAuthSettings::default() || self.token_page.is_some()
    }

    /// The page at which a person makes a token by hand, if the settings name one.
    pub fn token_page(&self) -> Option<&TokenPage> {
        self.token_page.as_ref()
    }

    /// Names of headers that calls of the server's API may have beside those that are allowed everywhere.
    pub fn api_headers(&self) -> &[String] {
        &self.api_headers
    }

    /// How this server is reached by somebody whose route is `otherwise`: through the proxy that its entry names, if it
    /// does.
    pub fn route(&self, otherwise: &Route) -> Route {
        match &self.proxy {
            None => otherwise.clone(),
            Some(Proxy::Direct) => otherwise.through(None),
            Some(Proxy::Through(proxy)) => otherwise.through(Some(proxy)),
        }
    }

    /// Whether the entry says which proxy to use, or that none is to be used.
    pub fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// The entry's TLS settings, with a leading `~/` of each path replaced.
    pub fn tls(&self) -> TlsSettings {
        TlsSettings {
            ca_file: self.ca_file.as_deref().map(from_home),
            client_certificate: self.client_certificate.as_deref().map(from_home),
            client_key: self.client_key.as_deref().map(from_home),
        }
    }
}

/// Reads a proxy's address. An error does not repeat the text, which may hold a password.
fn proxy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Proxy>, D::Error> {
    let text = Secret::deserialize(from)?;
    match text.expose() {
        "" | "none" => Ok(Some(Proxy::Direct)),
        address if is_proxy(address) => Ok(Some(Proxy::Through(text))),
        _ => Err(D::Error::custom("a proxy is http://HOST:PORT, https://HOST:PORT, socks5://HOST:PORT, or \"none\"")),
    }
}

fn is_proxy(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let is_spoken = matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h");
    is_spoken && is_bare && url.has_host() && !address.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn yes() -> bool {
    true
}

/// A path of the settings with a leading `~/` replaced by the home directory.
pub fn from_home(path: &std::path::Path) -> PathBuf {
    match (path.strip_prefix("~"), directories::home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
