use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Expiry, Scopes, Secret, ServerPattern, reveal};

/// `token_generate`: a token of the agent's own, for a script, a job or a container. Its rights come from scopes or from a
/// role, exactly one of them: nothing defaults to full power.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Generate {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// How long it lives; as long as the settings say if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_days: Option<u32>,
    /// For which servers; for all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
    /// It may be handed a server's own secret.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

/// The only time the token is shown.
#[derive(Debug, Serialize, Deserialize)]
pub struct GenerateReply {
    #[serde(with = "reveal")]
    pub token: Secret,
    #[serde(flatten)]
    pub about: IssuedInfo,
}

/// What is said of an issued token to who may see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssuedInfo {
    pub name: String,
    pub id: String,
    pub scopes: Scopes,
    pub role: Option<String>,
    pub expires_at: Option<Expiry>,
    pub created_at: Timestamp,
    pub last_used: Option<Timestamp>,
    pub revoked: bool,
    /// Neither revoked, nor at its end, nor used up.
    #[serde(default)]
    pub active: bool,
    #[serde(default)]
    pub servers: Vec<ServerPattern>,
    #[serde(default)]
    pub reveal: bool,
    /// It looks at who is logged in where, and nothing kept is used for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub status_only: bool,
    #[serde(default)]
    pub uses: u64,
    #[serde(default)]
    pub max_uses: Option<u64>,
    /// Who approved the machine that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// `token_list`: the tokens the agent issued.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// Those too that are no longer active.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct TokensReply {
    pub tokens: Vec<IssuedInfo>,
}

/// `token_revoke`: ends a token, and those that it issued, at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RevokeToken {
    /// Its name or its id.
    pub name: String,
    /// Keeps no trace of it in the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forget: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeTokenReply {
    pub revoked: Vec<IssuedInfo>,
}

/// `token_end`: who has a token ends it, and those that it issued (RFC 7009).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndToken {
    #[serde(with = "reveal")]
    pub token: Secret,
}

/// `lease`: a token that lives as long as this connection. It comes as an event; the reply follows when it has ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lease {
    pub name: String,
    pub scopes: Scopes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

impl Verb for Generate {
    const NAME: &'static str = "token_generate";
    type Reply = GenerateReply;
}

impl Verb for Tokens {
    const NAME: &'static str = "token_list";
    const REPEATABLE: bool = true;
    type Reply = TokensReply;
}

impl Verb for RevokeToken {
    const NAME: &'static str = "token_revoke";
    type Reply = RevokeTokenReply;
}

impl Verb for EndToken {
    const NAME: &'static str = "token_end";
    type Reply = Empty;
}

impl Verb for Lease {
    const NAME: &'static str = "lease";
    type Reply = Empty;
}
