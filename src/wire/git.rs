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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Get {
    pub wanted: GitCredential,
    /// Git understands `authtype` and `credential` (2.46 or newer).
    #[serde(default, skip_serializing_if = "is_false")]
    pub authtype: bool,
    /// Git understands `state[]` and `continue` (2.46 or newer).
    #[serde(default, skip_serializing_if = "is_false")]
    pub state: bool,
    /// The schemes the server offers, in lower case; none if it was not asked yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemes: Vec<String>,
    /// What an answer of this very command said in `state`: the server refused that answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// [`Proof::Refresh`] is understood.
    #[serde(default, skip_serializing_if = "is_false")]
    pub refresh: bool,
    /// Where git works, for rules that depend on it: an absolute path without symbolic links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Another path to the same place, as the person's shell names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_directory: Option<String>,
}

/// What git may send.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetReply {
    pub proof: Proof,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expiry_utc: Option<i64>,
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_token: Option<Secret>,
    /// Git says it back if the server refuses this; given only where there is something else to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What is shown to the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// User name and password, which git encodes as it needs.
    Password {
        username: String,
        #[serde(with = "reveal")]
        password: Secret,
    },
    /// The header `Authorization: AUTHTYPE CREDENTIAL`.
    Header {
        authtype: String,
        #[serde(with = "reveal")]
        credential: Secret,
        /// Not to be kept by other helpers.
        ephemeral: bool,
    },
    /// Nothing any more: the password ended. Another helper of the chain can make a new one of the refresh token that comes
    /// with it, for this user.
    Refresh { username: String },
}

/// `store`: the server accepted this.
#[derive(Debug, Serialize, Deserialize)]
pub struct Store {
    pub which: GitCredential,
    /// The scheme that `secret` is for; a password if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authtype: Option<String>,
    /// The password or credential.
    #[serde(with = "reveal")]
    pub secret: Secret,
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
    /// Then only a credential with this very password or header value is meant.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
}

impl Verb for Get {
    const NAME: &'static str = "get";
    const REPEATABLE: bool = true;
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

fn is_false(flag: &bool) -> bool {
    !flag
}
