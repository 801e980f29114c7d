use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Scopes, ServerUrl};

/// How much of a body goes into one line: in base64 well below the longest frame.
pub const PIECE: usize = 128 * 1024;

/// `api`: the agent calls a server's API with what it keeps for it, and hands on the answer. Whoever asks never sees the
/// token. Events follow, then the reply; closing the connection cancels the call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Api {
    /// The default server when absent; where `path` is a whole URL, its origin.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    #[serde(default)]
    pub account: Option<String>,
    /// `GET`, `POST`, … in capitals.
    pub method: String,
    /// Below the server, with its query: `/api/tasks?limit=5`; or a whole URL that lies there.
    pub path: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The call may need no more than these, whatever else the caller may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// A body follows, piece by piece, as the agent asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ApiBody>,
}

/// What is known of a body before it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// It can be had once more from its beginning, should the call have to be repeated.
    #[serde(default)]
    pub repeatable: bool,
}

/// What happens on the way to the end of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ApiEvent {
    /// The next piece of the body is wanted, from its beginning `again` if the call is repeated: the front-end answers with
    /// a line of [`ApiPiece`].
    Body {
        #[serde(default)]
        again: bool,
    },
    /// The server asked to come back later (429), and the agent does.
    Waiting { seconds: u64 },
    /// The answer begins.
    Head { version: String, status: u16, headers: Vec<(String, String)> },
    /// A part of the answer's body.
    Data {
        #[serde(with = "base64_text")]
        data: Vec<u8>,
    },
    /// An event of a newer agent.
    #[serde(other)]
    Unknown,
}

/// A piece of the request's body; an empty one is its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiPiece {
    #[serde(with = "base64_text")]
    pub data: Vec<u8>,
}

/// The answer was handed on whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiReply {
    /// What was asked, and as whom.
    pub server: ServerUrl,
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

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
