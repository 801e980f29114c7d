use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::ServerUrl;

/// `logout`: revoke at the server, then forget, whatever the server said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Logout {
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// One account of that server; else all of them.
    #[serde(default)]
    pub account: Option<String>,
    /// Every account of every server.
    #[serde(default)]
    pub all: bool,
    /// Only forget: tell the server nothing.
    #[serde(default)]
    pub local: bool,
}

/// What happened to each account.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogoutReply {
    pub accounts: Vec<LoggedOut>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct LoggedOut {
    pub server: ServerUrl,
    pub account: String,
    pub revocation: Revocation,
}

/// What the server did with a token that was logged out. It is forgotten here in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// The server said that it is no longer valid.
    Revoked,
    /// The server did not know it (any more).
    AlreadyInvalid,
    /// The server has no such request, or there is nothing to revoke: a password.
    NotSupported,
    /// The server did not answer: the token may still be valid there. The agent asks again later, while it lives.
    Pending,
    /// Nobody asked it to.
    NotAsked,
}

impl Verb for Logout {
    const NAME: &'static str = "logout";
    type Reply = LogoutReply;
}
