use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Secret, reveal, reveal_some};

/// Which credential git means, in git's own words (gitcredentials(7)).
///
/// The texts are git's, not yet judged: only the agent turns them into a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitCredential {
    pub protocol: String,
    /// With the port, if the URL named one.
    pub host: String,
    /// Only with `credential.useHttpPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// `get`: git needs a credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Get {
    pub wanted: GitCredential,
}

/// What git may send.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetReply {
    pub username: String,
    #[serde(with = "reveal")]
    pub password: Secret,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expiry_utc: Option<i64>,
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_token: Option<Secret>,
}

/// `store`: the server accepted this.
#[derive(Debug, Serialize, Deserialize)]
pub struct Store {
    pub which: GitCredential,
    #[serde(with = "reveal")]
    pub password: Secret,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expiry_utc: Option<i64>,
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_token: Option<Secret>,
}

/// `erase`: the server refused this, or a person rejects it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Erase {
    pub which: GitCredential,
    /// Then only a credential with this very password is meant.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

impl Verb for Get {
    const NAME: &'static str = "get";
    type Reply = GetReply;
}

impl Verb for Store {
    const NAME: &'static str = "store";
    type Reply = Empty;
}

impl Verb for Erase {
    const NAME: &'static str = "erase";
    type Reply = Empty;
}
