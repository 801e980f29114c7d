//! The endpoints of a login are kept with it.
//!
//! A refresh token, a client's secret and a revocation go to the endpoints that the login was made at (`Grant`),
//! whatever the server's metadata say later. Renewing reads no metadata at all.

use serde::{Deserialize, Serialize};

use super::{Endpoint, Secret, reveal_some};

/// What an OAuth login was granted, by whom, and to which client: all that renewing and revoking need beside the tokens.
///
/// The endpoints are those of the login. A refresh token goes nowhere else, whatever a server's metadata say later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    pub kind: GrantKind,
    /// The authorization server (RFC 8414 §2).
    pub issuer: String,
    pub client_id: String,
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Shown in the body, not in a header (RFC 6749 §2.3.1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret_in_body: bool,
    pub token_endpoint: Endpoint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Endpoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Endpoint>,
    /// Whether the server offers token exchange (RFC 8693).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exchange: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the access token is for (RFC 8707).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Who logged in, as the server named them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user name that git sends beside a token of this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_username: Option<String>,
}

/// Who the grant was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantKind {
    /// A person approved it; a refresh token renews it (RFC 6749 §6).
    Person,
    /// A machine with a secret of its own asks anew (RFC 6749 §4.4).
    Machine,
}
