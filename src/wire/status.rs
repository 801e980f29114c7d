use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{AuditTrouble, FileAccount, Verb, Warning};
use crate::base::{Expiry, Kind, ServerUrl, StoredIn};

/// `status`: who is logged in where. No secrets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerUrl>,
    /// Ask each server whether it still takes the credential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
}

/// Printed as it is by `loom status --json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct StatusReply {
    pub agent: AgentStatus,
    pub default_server: Option<ServerUrl>,
    pub accounts: Vec<AccountStatus>,
    /// What an older Loom kept and nobody claimed yet, by its keys: naming the server in a `status` claims it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<String>,
    /// Of which the keyring has something that cannot be read any more; a login or a logout puts it right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<FileAccount>,
    /// Why the audit log cannot be written at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditTrouble>,
    /// What is wrong with the HTTP door, or soon will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The list of issued tokens that is gone, and with it all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_gone: Option<String>,
    /// Said once: what a person should know about the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct AgentStatus {
    pub running: bool,
    pub pid: u32,
    pub version: String,
    /// It gives out nothing until somebody unlocks it.
    pub locked: bool,
    /// Its memory is kept out of swap.
    #[serde(default)]
    pub memory_locked: bool,
    /// Where its HTTP door is, if it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct AccountStatus {
    pub server: ServerUrl,
    pub account: Option<String>,
    pub kind: Kind,
    pub stored_in: StoredIn,
    pub expires_at: Option<Expiry>,
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Who logged in, as the server named them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether a new token can be had without a person.
    #[serde(default)]
    pub renewable: bool,
    /// The one a request gets that names no user.
    pub default: bool,
    pub state: Condition,
    /// What the server said, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
}

/// What a server says to a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checked {
    Accepted,
    Refused,
    /// It has no such question, or did not answer.
    Unknown,
}

/// Whether a credential is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    Valid,
    Expired,
    /// The server answered 401 to it; it is kept, and not served again until something changes.
    Refused,
}

impl StatusReply {
    /// The servers that have several accounts, so that one of them is the default.
    pub fn servers_of_many(&self) -> HashSet<&ServerUrl> {
        let mut seen = HashSet::new();
        self.accounts.iter().map(|account| &account.server).filter(|server| !seen.insert(*server)).collect()
    }
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const REPEATABLE: bool = true;
    type Reply = StatusReply;
}
