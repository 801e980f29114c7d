use serde::{Deserialize, Serialize};

use super::{Empty, Verb};

/// `socket_add`: opens one more socket, at which everybody has the rights of one token and no more.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SocketAdd {
    /// The absolute path of the socket.
    pub path: String,
    /// The name or the id of the token.
    pub token: String,
}

/// `socket_remove`: closes a socket that [`SocketAdd`] opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SocketRemove {
    /// The path of the socket.
    pub path: String,
}

/// `socket_list`: the sockets that [`SocketAdd`] opened.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sockets {}

/// The answer to [`Sockets`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SocketsReply {
    /// The sockets that are open.
    pub sockets: Vec<RestrictedSocket>,
}

/// A socket with a token of its own. The next agent opens it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictedSocket {
    /// The path of the socket.
    pub path: String,
    /// The id of the token.
    pub token: String,
    /// The name of the token, where it is still known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the token still has rights.
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
