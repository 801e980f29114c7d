use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Secret, reveal_some};

/// `lock`: has the agent forget every secret, and give out nothing until somebody unlocks it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Lock {}

/// The answer to [`Lock`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LockReply {
    /// Whether unlocking takes a passphrase.
    #[serde(default)]
    pub passphrase: bool,
    /// Whether every agent of the same stores is locked, also one that starts later; else it is this one only.
    #[serde(default)]
    pub everywhere: bool,
}

/// `unlock`: has the agent give out credentials again. If a passphrase is missing, the error says that one is needed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Unlock {
    /// The passphrase, where one was set.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
}

impl Verb for Lock {
    const NAME: &'static str = "lock";
    type Reply = LockReply;
}

impl Verb for Unlock {
    const NAME: &'static str = "unlock";
    type Reply = Empty;
}
