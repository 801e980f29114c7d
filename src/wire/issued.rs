use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Expiry, Grants, Scopes, Secret, ServerPattern, reveal};

/// `token_generate`: a token of the agent's own, for a script, a job or a container. Its rights come from scopes, from
/// a role, or from grants: nothing defaults to full power.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Generate {
    /// What to call the token: one line of 1 to 255 visible characters.
    pub name: String,
    /// What the token allows; absent if `role` says it, or there are grants only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// What may be fetched, pushed and called with the token, and nothing else, as the sentences that grants are;
    /// absent if the scopes say what may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<String>>,
    /// The role that says what the token allows; absent if `scopes` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Days until the token ends; as many as the settings say if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_days: Option<u32>,
    /// The servers that the token is for; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    /// How many requests the token is good for; any number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
    /// Whether whoever has the token may be handed a server's own secret.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
    /// Days until the secret of the token has to be another one, by [`Rotate`]; as long as the token lives if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u32>,
}

/// A new token: the answer to [`Generate`], and the event of [`Lease`]. It is shown this one time only.
#[derive(Debug, Serialize, Deserialize)]
pub struct GenerateReply {
    /// The token itself.
    #[serde(with = "reveal")]
    pub token: Secret,
    /// What lists say of the token.
    #[serde(flatten)]
    pub about: IssuedInfo,
    /// The path of the list of issued tokens, if that was gone and begins anew with this one: every other has ended.
    /// Only whoever may ask about everything is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_gone: Option<String>,
}

/// An issued token as whoever may see it is shown it: without the token itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssuedInfo {
    /// What the token is called.
    pub name: String,
    /// What tells the token from others of its name, also in the audit log. No secret.
    pub id: String,
    /// What the token allows.
    pub scopes: Scopes,
    /// What may be fetched, pushed and called with the token, and nothing else; absent if the scopes say what may be
    /// called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// The role that `scopes` were taken from, if they were.
    pub role: Option<String>,
    /// When the token ends; absent if it does not end by itself.
    pub expires_at: Option<Expiry>,
    /// When the token was issued.
    pub created_at: Timestamp,
    /// When the token was used last, if it ever was.
    pub last_used: Option<Timestamp>,
    /// Whether the token was revoked.
    pub revoked: bool,
    /// Whether the token has rights now: neither it nor one that it came of was revoked, has ended or is used up.
    #[serde(default)]
    pub active: bool,
    /// The servers that the token is for; all if empty.
    #[serde(default)]
    pub servers: Vec<ServerPattern>,
    /// Whether whoever has the token may be handed a server's own secret.
    #[serde(default)]
    pub reveal: bool,
    /// Whether the token only shows who is logged in where: nothing that is kept is used for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub status_only: bool,
    /// How many requests the token was used for.
    #[serde(default)]
    pub uses: u64,
    /// How many requests the token is good for; any number if absent.
    #[serde(default)]
    pub max_uses: Option<u64>,
    /// Days until the secret of the token has to be another one, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u32>,
    /// When the last secret of this name ends, where each ends before by its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Expiry>,
    /// The person who approved the machine that has the token, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// `token_rotate`: another secret in the place of a token, under the same name, with the same rights and the same end.
/// The old one ends after the overlap, and one that is still ending from a rotation before ends at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rotate {
    /// The name or the id of the token.
    pub name: String,
    /// How many seconds the old secret stays good.
    #[serde(default)]
    pub overlap_seconds: u32,
}

/// The answer to [`Rotate`]. The secret is shown this one time only.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotateReply {
    /// The new secret.
    #[serde(with = "reveal")]
    pub token: Secret,
    /// What lists say of the new one.
    #[serde(flatten)]
    pub about: IssuedInfo,
    /// What lists say of the old one, which ends at its `expires_at`.
    pub old: IssuedInfo,
}

/// `token_list`: the tokens that the agent issued, as far as whoever asks may see them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// Whether those are shown too that are no longer active.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// The answer to [`Tokens`] and to [`Devices`](super::Devices).
#[derive(Debug, Serialize, Deserialize)]
pub struct TokensReply {
    /// The tokens, as far as whoever asks may see them.
    pub tokens: Vec<IssuedInfo>,
}

/// `token_revoke`: ends a token, and those that it issued, at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RevokeToken {
    /// The name or the id of the token.
    pub name: String,
    /// Whether to keep no trace of the token in the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forget: bool,
}

/// The answer to [`RevokeToken`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeTokenReply {
    /// The tokens that are worth nothing from now on.
    pub revoked: Vec<IssuedInfo>,
}

/// `token_end`: ends a token for whoever has it, and those that it issued (RFC 7009). What is no token is no error.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndToken {
    /// The token itself.
    #[serde(with = "reveal")]
    pub token: Secret,
}

/// `lease`: a token that lives as long as this connection. It comes as an event, [`GenerateReply`]; the reply follows
/// when it has ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lease {
    /// What to call the token: one line of 1 to 255 visible characters.
    pub name: String,
    /// What the token allows; must not be empty unless there are grants.
    #[serde(default)]
    pub scopes: Scopes,
    /// What may be fetched, pushed and called with the token, as in [`Generate`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<String>>,
    /// The servers that the token is for; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    /// Whether whoever has the token may be handed a server's own secret.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

impl Verb for Generate {
    const NAME: &'static str = "token_generate";
    type Reply = GenerateReply;
}

impl Verb for Rotate {
    const NAME: &'static str = "token_rotate";
    type Reply = RotateReply;
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
