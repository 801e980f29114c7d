use std::path::PathBuf;

use serde::Deserialize;

use super::{OAuthSettings, ServerUrl};

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
    #[serde(default)]
    oauth: OAuthSettings,
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

    pub fn tls(&self) -> TlsSettings {
        TlsSettings {
            ca_file: self.ca_file.as_deref().map(from_home),
            client_certificate: self.client_certificate.as_deref().map(from_home),
            client_key: self.client_key.as_deref().map(from_home),
        }
    }
}

fn yes() -> bool {
    true
}

/// A path of the config file: `~/` is the home directory.
pub fn from_home(path: &std::path::Path) -> PathBuf {
    match (path.strip_prefix("~"), dirs::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
