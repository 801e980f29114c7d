use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Expiry, Secret, ServerUrl, reveal};

/// `token`: the secret that a server accepts, for a script or a program. One that ended, or is about to, is renewed
/// first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Token {
    /// The server; the default server if absent.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// The account; the default account of the server if absent.
    #[serde(default)]
    pub account: Option<String>,
    /// For how many seconds the secret must still be valid, as far as that is known. What ends sooner is renewed.
    #[serde(default)]
    pub min_validity: u32,
    /// Ask for another token with just these of the OAuth scopes that were granted; none is asked for if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Ask for another token for the resource with this URI (RFC 8707).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Ask for another token that this audience takes, by exchange where the server offers it (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Ask for the ID token that the login came with, or its last renewal, and not for an access token (OpenID Connect
    /// Core §2). Then there is nothing else to wish for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub id_token: bool,
}

/// The answer to [`Token`].
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenReply {
    /// The server that the credential is kept for; its path may be a prefix of the one in the question.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub account: String,
    /// The token or password.
    #[serde(with = "reveal")]
    pub token: Secret,
    /// When the secret ends; absent if that is not known.
    pub expires_at: Option<Expiry>,
    /// The OAuth scopes that were granted, as far as they are known.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The user name that is sent beside the secret where it goes as a password; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The scheme of the header in which the secret goes (RFC 9110 §11.1): `Basic` for a password, its own for what was
    /// kept as a header; absent for a token, which most servers take as `Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authtype: Option<String>,
}

impl Verb for Token {
    const NAME: &'static str = "token";
    const REPEATABLE: bool = true;
    type Reply = TokenReply;
}
