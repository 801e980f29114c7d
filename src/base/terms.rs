//! The endpoints of a login are kept with it.
//!
//! A refresh token, a client's secret and a revocation go to the endpoints that the login was made at (`Terms`),
//! whatever the server's metadata say later. Renewing reads no metadata at all.

use serde::{Deserialize, Serialize};

use super::{Endpoint, Expiry, Secret, reveal, reveal_some};

/// The terms of an OAuth login: what was granted, by whom, and to which client, which is all that renewing and revoking
/// need beside the tokens.
///
/// The endpoints are those of the login. A refresh token goes nowhere else, whatever a server's metadata say later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// Who they were made with.
    pub kind: TermsKind,
    /// The authorization server's name (RFC 8414 §2).
    pub issuer: String,
    /// The client as which loom logged in (RFC 6749 §2.2).
    pub client_id: String,
    /// The client's secret, if it has one (RFC 6749 §2.3.1).
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Whether the secret is sent in the request's body and not in a header (RFC 6749 §2.3.1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret_in_body: bool,
    /// Where the token is renewed (RFC 6749 §3.2).
    pub token_endpoint: Endpoint,
    /// Where the tokens are revoked (RFC 7009), if the server offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Endpoint>,
    /// Where the server says who logged in (OpenID Connect Core §5.3), if it offers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Endpoint>,
    /// Whether the server offers token exchange (RFC 8693).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exchange: bool,
    /// What the server granted, in its own words; empty if it did not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The server that the access token is meant for (RFC 8707).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Who logged in, by the name that the server has for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What says who logged in to whoever trusts the issuer, as it came with the login or its last renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<IdToken>,
    /// The user name that git sends beside a token of this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_username: Option<String>,
}

/// An ID token (OpenID Connect Core §2). It is as good as a password where the issuer is trusted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdToken {
    /// The token, a JWT.
    #[serde(with = "reveal")]
    pub token: Secret,
    /// When it ends, as it says itself.
    pub expires: Expiry,
}

/// Who they were made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TermsKind {
    /// A person approved it; a refresh token renews it (RFC 6749 §6).
    Person,
    /// A machine with a secret of its own asks anew (RFC 6749 §4.4).
    Machine,
}
