use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Scopes, ServerUrl};

/// The longest piece of a body in one line, in bytes before they are written as base64. In base64 it is well below
/// [`MAX_FRAME`](super::MAX_FRAME).
pub const PIECE: usize = 128 * 1024;

/// `api`: the agent calls a server's API with the credential that it keeps for the server, and hands on the answer.
/// Whoever asks never sees the token.
///
/// Events follow, [`ApiEvent`], then the reply; closing the connection cancels the call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Api {
    /// The server to call. If absent, the origin of `path` where that is a whole URL, else the default server.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// The account whose credential is used. If absent and there are several, the least powerful one that may make the
    /// call.
    #[serde(default)]
    pub account: Option<String>,
    /// The HTTP method in capitals: `GET`, `POST`, …; `TRACE` and `CONNECT` are refused.
    pub method: String,
    /// The path below the server, with its query, such as `/api/tasks?limit=5`; or a whole URL that lies below the
    /// server. Spelled as in URLs: no `..`, no fragment.
    pub path: String,
    /// Names and values of headers to send. Those that say who asks, or how the request travels, are the agent's own
    /// and are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The most that the call may need, whatever else the caller may do. No such limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// What is known of the body, which follows piece by piece as the agent asks for it; absent for a call without a
    /// body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ApiBody>,
}

/// What is known of a body before it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiBody {
    /// The length in bytes, if it is known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Whether the body can be sent once more from its beginning, should the call have to be repeated.
    #[serde(default)]
    pub repeatable: bool,
}

/// What happens on the way to the end of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ApiEvent {
    /// The next piece of the body is wanted: the front-end answers with a line of [`ApiPiece`].
    Body {
        /// Whether the body is wanted from its beginning once more, because the call is repeated.
        #[serde(default)]
        again: bool,
    },
    /// The server asked to come back later (429), and the agent does.
    Waiting {
        /// Seconds until the server is asked again.
        seconds: u64,
    },
    /// The answer begins.
    Head {
        /// The HTTP version of the answer, such as `HTTP/1.1`.
        version: String,
        /// The HTTP status code.
        status: u16,
        /// Names and values of the answer's headers, without cookies.
        headers: Vec<(String, String)>,
    },
    /// A part of the answer's body.
    Data {
        /// The bytes that follow what came before, base64 in the frame.
        #[serde(with = "base64_text")]
        data: Vec<u8>,
    },
    /// An event of a newer agent, to be ignored.
    #[serde(other)]
    Unknown,
}

/// A piece of the request's body, the front-end's answer to [`ApiEvent::Body`]. An empty one is the end of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiPiece {
    /// At most [`PIECE`] bytes, base64 in the line.
    #[serde(with = "base64_text")]
    pub data: Vec<u8>,
}

/// The whole answer of the server was handed on as events, whatever its status is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiReply {
    /// The server whose credential was used.
    pub server: ServerUrl,
    /// The account whose credential was used.
    pub account: String,
}

impl Verb for Api {
    const NAME: &'static str = "api";
    type Reply = ApiReply;
}

/// Bytes as a base64 text.
mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
