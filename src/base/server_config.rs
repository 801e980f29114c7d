use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::{OAuthSettings, Route, Secret, ServerUrl};
use crate::os::directories;

/// What the config file says of one server: `[[server]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    pub(super) url: ServerUrl,
    #[serde(default)]
    pub(super) allow_http: bool,
    /// Whether what git approves is kept.
    #[serde(default = "yes")]
    pub(super) keep: bool,
    /// Beside the system's, the authorities that may vouch for it: a PEM file.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// What loom shows of itself in TLS: certificate and key, two PEM files.
    #[serde(default)]
    client_certificate: Option<PathBuf>,
    #[serde(default)]
    client_key: Option<PathBuf>,
    /// Through which proxy it is reached, whatever the environment says.
    #[serde(default, deserialize_with = "proxy")]
    proxy: Option<Proxy>,
    /// Headers that tokens may send in calls of its API, beside those that they may send everywhere.
    #[serde(default)]
    api_headers: Vec<String>,
    #[serde(default)]
    oauth: OAuthSettings,
}

/// What the settings say of a proxy.
#[derive(Clone, Debug)]
enum Proxy {
    /// There is to be none.
    Direct,
    /// Its address may hold a password.
    Through(Secret),
}

/// The TLS of one server, beyond what holds for all. There is no way to turn verification off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    pub ca_file: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
}

impl ServerConfig {
    pub fn oauth(&self) -> &OAuthSettings {
        &self.oauth
    }

    pub fn api_headers(&self) -> &[String] {
        &self.api_headers
    }

    /// How the server is reached by who would otherwise go this way.
    pub fn route(&self, otherwise: &Route) -> Route {
        match &self.proxy {
            None => otherwise.clone(),
            Some(Proxy::Direct) => otherwise.through(None),
            Some(Proxy::Through(proxy)) => otherwise.through(Some(proxy)),
        }
    }

    /// Whether anything is said of a proxy.
    pub fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    pub fn tls(&self) -> TlsSettings {
        TlsSettings {
            ca_file: self.ca_file.as_deref().map(from_home),
            client_certificate: self.client_certificate.as_deref().map(from_home),
            client_key: self.client_key.as_deref().map(from_home),
        }
    }
}

/// What is wrong is said without what stands there.
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

/// A path of the config file: `~/` is the home directory.
pub fn from_home(path: &std::path::Path) -> PathBuf {
    match (path.strip_prefix("~"), directories::home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
