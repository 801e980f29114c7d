use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::IssuerConfig;

/// `serve`: opens the HTTP door. Where a field is absent the settings decide. The door stays open as long as the agent
/// runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Serve {
    /// Address and port to listen on; `127.0.0.1:57374` if neither this nor the settings say one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// The PEM file of the certificate, by absolute path. Without one only this machine gets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<String>,
    /// The PEM file of the certificate's key, by absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<String>,
    /// One more issuer at which people may sign in, from `LOOM_OIDC_ISSUER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerConfig>,
}

/// The answer to [`Serve`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ServeReply {
    /// The URL of the door.
    pub url: String,
    /// What is wrong with the door's certificate, or soon will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Something about the HTTP door, or about what was ended here and not yet at its server, that is not as it should be,
/// although the agent goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is, for programs: `tls-cert-expired`, `tls-cert-expires`, `tls-cert-early`, `tls-key-readable`,
    /// `tls-not-used`, `http-not-open`, `revocation-awaited`, `revocation-given-up`.
    pub id: String,
    /// What it is, as a sentence in the language of the request.
    pub text: String,
}

impl Warning {
    /// Whether something is wrong by now. A certificate that is about to end is no trouble yet, and that a server does
    /// not answer is none here.
    pub fn is_trouble(&self) -> bool {
        !["tls-cert-expires", "revocation-awaited", "revocation-given-up"].contains(&self.id.as_str())
    }
}

/// `serve_end`: closes the HTTP door.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ServeEnd {}

impl Verb for Serve {
    const NAME: &'static str = "serve";
    type Reply = ServeReply;
}

impl Verb for ServeEnd {
    const NAME: &'static str = "serve_end";
    type Reply = Empty;
}
