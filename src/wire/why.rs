use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Kind, ServerUrl, StoredIn};

/// `why`: which credential git would get, and why that one. Without secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Why {
    /// The server, with the path if git would name it.
    pub server: ServerUrl,
    /// The user name that git would name, from the URL or its configuration.
    #[serde(default)]
    pub user: Option<String>,
    /// Where git would work: an absolute path without symbolic links, for rules that depend on it.
    #[serde(default)]
    pub directory: Option<String>,
    /// Another path to `directory`, as the person's shell names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_directory: Option<String>,
}

/// The answer to [`Why`]. `loom why --json` prints it as it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct WhyReply {
    /// The credential that git would get; absent if it would get none.
    pub chosen: Option<Chosen>,
    /// The sentence that says why, in the language of the request.
    pub because: String,
    /// The other accounts of the same scheme, host and port.
    #[serde(default)]
    pub passed_over: Vec<PassedOver>,
}

/// The credential that git would get.
#[derive(Debug, Serialize, Deserialize)]
pub struct Chosen {
    /// The server that the credential is kept for.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub account: String,
    /// The user name that git would send.
    pub username: String,
    /// What kind of credential it is.
    pub kind: Kind,
    /// Where the credential is kept.
    pub stored_in: StoredIn,
}

/// An account that git would not get.
#[derive(Debug, Serialize, Deserialize)]
pub struct PassedOver {
    /// The server that the credential is kept for.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub account: String,
    /// The sentence that says why not, in the language of the request.
    pub because: String,
}

impl Verb for Why {
    const NAME: &'static str = "why";
    const REPEATABLE: bool = true;
    type Reply = WhyReply;
}
