use serde::{Deserialize, Serialize};

use super::{Empty, Verb};

/// `socket_add`: one more socket, at which everybody has the rights of one token and no more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SocketAdd {
    /// Absolute.
    pub path: String,
    /// The token's name or id.
    pub token: String,
}

/// `socket_remove`: closes such a socket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SocketRemove {
    pub path: String,
}

/// `socket_list`: those there are.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sockets {}

#[derive(Debug, Serialize, Deserialize)]
pub struct SocketsReply {
    pub sockets: Vec<RestrictedSocket>,
}

/// A socket with a token of its own. It is there again with the next agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictedSocket {
    pub path: String,
    /// The token's id.
    pub token: String,
    /// Its name, where it is still known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the token is still worth something.
    #[serde(default)]
    pub active: bool,
}

impl Verb for SocketAdd {
    const NAME: &'static str = "socket_add";
    type Reply = Empty;
}

impl Verb for SocketRemove {
    const NAME: &'static str = "socket_remove";
    type Reply = Empty;
}

impl Verb for Sockets {
    const NAME: &'static str = "socket_list";
    const REPEATABLE: bool = true;
    type Reply = SocketsReply;
}
