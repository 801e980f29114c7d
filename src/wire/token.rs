use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Expiry, Secret, ServerUrl, reveal};

/// `token`: the secret that a server accepts, for a script or a program.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Token {
    #[serde(default)]
    pub server: Option<ServerUrl>,
    #[serde(default)]
    pub account: Option<String>,
    /// Seconds for which it must still be valid, as far as that is known.
    #[serde(default)]
    pub min_validity: u32,
    /// A token with just these scopes, of those that were granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// A token for this resource (RFC 8707).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// A token that this audience takes, by exchange where the server offers it (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct TokenReply {
    pub server: ServerUrl,
    pub account: String,
    #[serde(with = "reveal")]
    pub token: Secret,
    pub expires_at: Option<Expiry>,
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl Verb for Token {
    const NAME: &'static str = "token";
    const REPEATABLE: bool = true;
    type Reply = TokenReply;
}
