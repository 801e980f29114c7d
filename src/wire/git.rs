use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Kind, Secret, Tool, reveal, reveal_some};

/// Which credential git means, in git's own words (gitcredentials(7)).
///
/// The texts are not checked yet: only the agent turns them into a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitCredential {
    /// The scheme of the URL, such as `https`; `cert` for the passphrase of a client certificate.
    pub protocol: String,
    /// The host, with the port if the URL named one; empty for `cert`.
    pub host: String,
    /// The path of the URL. For `http` and `https` git names it only with `credential.useHttpPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether the path stands here as it does in a URL. Git says it decoded.
    #[serde(default, skip_serializing_if = "is_false")]
    pub escaped: bool,
    /// The user, if the URL or git's configuration names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Whether only an account of exactly this URL is meant, and none that counts for it by a shorter path. Git never
    /// says so: it is for tools that send a secret to wherever a part of a host tells them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exact: bool,
}

/// `get`: git needs a credential.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Get {
    /// What git needs a credential for.
    pub wanted: GitCredential,
    /// Whether git understands `authtype` and `credential` (2.46 or newer).
    #[serde(default, skip_serializing_if = "is_false")]
    pub authtype: bool,
    /// Whether git understands `state[]` and `continue` (2.46 or newer).
    #[serde(default, skip_serializing_if = "is_false")]
    pub state: bool,
    /// The authentication schemes that the server offers, in lower case; empty if it was not asked yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemes: Vec<String>,
    /// The [`GetReply::state`] of an earlier answer to the same git command, which says that the server refused that
    /// answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether [`Proof::Refresh`] is understood.
    #[serde(default, skip_serializing_if = "is_false")]
    pub refresh: bool,
    /// Where git works, for rules that depend on it: an absolute path without symbolic links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Another path to `directory`, as the person's shell names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_directory: Option<String>,
    /// Whether it is to change something at the server, as far as the one who asks knows: a token that may only read
    /// is given nothing then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub changes: bool,
    /// The tool that asks; git if absent. What a tool brought is for that tool only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
}

/// The answer to [`Get`]: what git may send to the server.
#[derive(Debug, Serialize, Deserialize)]
pub struct GetReply {
    /// What git shows to the server.
    pub proof: Proof,
    /// When the password or token ends, as Unix time in seconds; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expiry_utc: Option<i64>,
    /// The refresh token that git itself stored with the password. Never that of a login.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_token: Option<Secret>,
    /// What git says back, as [`Get::refused`], if the server refuses this; given only where there is something else to
    /// try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What kind of credential it is; said where [`GitCredential::exact`] was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Whether who asks may also have it for what changes something; said beside `kind`, and if absent not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_change: Option<bool>,
}

/// What git shows to the server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Proof {
    /// User name and password, which git encodes as the server's scheme demands.
    Password {
        /// The account, or the user name that the server expects beside a token.
        username: String,
        /// A password or a token.
        #[serde(with = "reveal")]
        password: Secret,
    },
    /// The header `Authorization: AUTHTYPE CREDENTIAL`.
    Header {
        /// The authentication scheme, such as `Bearer`.
        authtype: String,
        /// What stands after the scheme.
        #[serde(with = "reveal")]
        credential: Secret,
        /// Whether other helpers must not keep it.
        ephemeral: bool,
    },
    /// No secret: the password that another helper of git stored has ended. That helper can make a new one with
    /// [`GetReply::oauth_refresh_token`].
    Refresh {
        /// The user whose password ended.
        username: String,
    },
}

/// `store`: the server accepted this credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Store {
    /// What the credential is for.
    pub which: GitCredential,
    /// The authentication scheme that `secret` is for; a password if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authtype: Option<String>,
    /// The password, or what stands after the scheme in the header.
    #[serde(with = "reveal")]
    pub secret: Secret,
    /// When the secret ends, as Unix time in seconds; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expiry_utc: Option<i64>,
    /// The refresh token that belongs to the secret, for another helper of git.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_token: Option<Secret>,
    /// The tool that brings it; git if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
}

/// `erase`: the server refused this credential, or a person rejects it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Erase {
    /// What the credential is for.
    pub which: GitCredential,
    /// If present, only a credential that still has this very password or header value is meant.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// If present, only what this tool brought is forgotten where `secret` is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
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
