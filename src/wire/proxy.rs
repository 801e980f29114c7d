use serde::{Deserialize, Serialize};

use super::{Empty, Verb};

/// `proxy`: from the reply on the connection carries HTTP/1.1, and no frames: the requests of a program that knows
/// nothing of the agent, which are judged by the grants of the presented token and handed on to their servers.
///
/// Only a socket's connection can do that; at the HTTP door the same is below `/via/`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Proxy {
    /// Whether nobody but who may use the token can send bytes over this connection, as over a socket in a private
    /// directory. Else, as where they come over a port, each request has to show the presented token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guarded: bool,
}

impl Verb for Proxy {
    const NAME: &'static str = "proxy";
    type Reply = Empty;
}
