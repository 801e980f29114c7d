use serde::{Deserialize, Serialize};

use super::Verb;

/// `why_granted`: whether something is granted, by which grant, or which one is missing. Nothing is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WhyGranted {
    /// The URL: of a repository for a push, else of what would be called.
    pub url: String,
    /// The ref that would be pushed; absent for a call.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "ref")]
    pub name: Option<String>,
    /// The method of the call; absent for a push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The name or id of the token that is meant; absent for whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// The answer to [`WhyGranted`]. `loom why --json` prints it as it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct WhyGrantedReply {
    /// Whether it is granted, or some of what a push can be.
    pub granted: bool,
    /// The grant that allows it; absent if nothing does, or no grant is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The grant that is missing, if one could be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The sentence that says why, in the language of the request.
    pub because: String,
    /// What may be done to the ref: of `create`, `grow`, `rewrite` and `delete` those that are granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

impl Verb for WhyGranted {
    const NAME: &'static str = "why_granted";
    const REPEATABLE: bool = true;
    type Reply = WhyGrantedReply;
}
