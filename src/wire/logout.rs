use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::ServerUrl;

/// `logout`: has the server revoke a login, then forgets it, whatever the server said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Logout {
    /// Exactly this server; the default server if absent.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// One account of the server; all of its accounts if absent.
    #[serde(default)]
    pub account: Option<String>,
    /// Whether every account of every server is meant.
    #[serde(default)]
    pub all: bool,
    /// Whether to forget only, and tell the server nothing.
    #[serde(default)]
    pub local: bool,
}

/// The answer to [`Logout`].
#[derive(Debug, Serialize, Deserialize)]
pub struct LogoutReply {
    /// What became of each account that was forgotten.
    pub accounts: Vec<LoggedOut>,
}

/// An account that was forgotten.
#[derive(Debug, Serialize, Deserialize)]
pub struct LoggedOut {
    /// The server that the credential was for.
    pub server: ServerUrl,
    /// The user name that the credential was kept under.
    pub account: String,
    /// What the server did with the token.
    pub revocation: Revocation,
}

/// What the server did with a token that was logged out. Here it is forgotten in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// The server said that the token is no longer valid.
    Revoked,
    /// The server did not know the token any more.
    AlreadyInvalid,
    /// The server revokes no tokens, or there is nothing to revoke: a password.
    NotSupported,
    /// The server did not answer: the token may still be valid there. The agent asks again later, while it lives.
    Pending,
    /// The server was not asked, as [`Logout::local`] says.
    NotAsked,
}

impl Verb for Logout {
    const NAME: &'static str = "logout";
    type Reply = LogoutReply;
}
