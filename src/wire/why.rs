use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Kind, ServerUrl, StoredIn};

/// `why`: which credential git would get, and why that one. No secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Why {
    /// With the path, if git would name it.
    pub server: ServerUrl,
    /// The user name in the URL.
    #[serde(default)]
    pub user: Option<String>,
    /// Where git would work.
    #[serde(default)]
    pub directory: Option<String>,
    /// Another path to the same place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_directory: Option<String>,
}

/// Printed as it is by `loom why --json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct WhyReply {
    /// What git would get; nothing, where it is absent.
    pub chosen: Option<Chosen>,
    /// The sentence that says why.
    pub because: String,
    /// The other accounts of the same origin.
    #[serde(default)]
    pub passed_over: Vec<PassedOver>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Chosen {
    pub server: ServerUrl,
    pub account: String,
    /// The user name git would send.
    pub username: String,
    pub kind: Kind,
    pub stored_in: StoredIn,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PassedOver {
    pub server: ServerUrl,
    pub account: String,
    /// The sentence that says why not.
    pub because: String,
}

impl Verb for Why {
    const NAME: &'static str = "why";
    const REPEATABLE: bool = true;
    type Reply = WhyReply;
}
