use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::IssuerConfig;

/// `serve`: opens the HTTP door. What is not said here is as the settings have it. It stays open as long as the agent runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Serve {
    /// Address and port; `127.0.0.1:57374` where nobody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// PEM files, by absolute path; without them only this machine gets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<String>,
    /// One more issuer at which people may sign in, from `LOOM_OIDC_ISSUER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerConfig>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ServeReply {
    pub url: String,
    /// What is wrong with its certificate, or soon will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Something that is as it should not be and keeps nobody from anything yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is, for programs: `tls-cert-expired`, `tls-cert-expires`, `tls-cert-early`, `tls-key-readable`, `tls-not-used`,
    /// `http-not-open`.
    pub id: String,
    /// The same as a sentence in the language of the request.
    pub text: String,
}

impl Warning {
    /// A certificate that is about to end is no trouble yet.
    pub fn is_trouble(&self) -> bool {
        self.id != "tls-cert-expires"
    }
}

/// `serve_end`: closes it.
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
