use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{AuditTrouble, FileAccount, Verb, Warning};
use crate::base::{Expiry, Kind, Origin, ServerUrl, StoredIn};

/// `status`: who is logged in where. Without secrets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// Only accounts at this server or below its path; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerUrl>,
    /// Whether each server is asked first if it still takes the credential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
}

/// The answer to [`Status`]. `loom status --json` prints it as it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct StatusReply {
    /// The state of the agent that answered.
    pub agent: AgentStatus,
    /// The server that is meant where a request names none, if one is set.
    pub default_server: Option<ServerUrl>,
    /// The accounts, as far as whoever asks may see them.
    pub accounts: Vec<AccountStatus>,
    /// The keys under which an older Loom kept credentials that nobody claimed yet. Naming the server in a `status`
    /// claims them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<String>,
    /// The accounts of which the keyring has something that cannot be read any more. A login replaces it, a logout
    /// removes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<FileAccount>,
    /// Why the audit log cannot be written at the moment. Only the owner is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditTrouble>,
    /// What is wrong with the HTTP door, or soon will be, and what servers were not yet told to end; only for whoever
    /// may ask about all servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The path of the list of issued tokens, if the list is gone; every token on it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_gone: Option<String>,
    /// What a person should know about the store. Each agent says it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The state of an agent.
#[derive(Debug, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Always true: an agent that does not run does not answer.
    pub running: bool,
    /// The agent's process id.
    pub pid: u32,
    /// The version of loom that the agent is of.
    pub version: String,
    /// Whether the agent gives out nothing until somebody unlocks it.
    pub locked: bool,
    /// Whether the agent's memory is kept out of swap.
    #[serde(default)]
    pub memory_locked: bool,
    /// The URL of the agent's HTTP door, if it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
}

/// An account, without its secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccountStatus {
    /// The server that the credential is for.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub account: Option<String>,
    /// What kind of credential it is.
    pub kind: Kind,
    /// Where the credential is kept.
    pub stored_in: StoredIn,
    /// When the password or the present access token ends; absent if that is not known.
    pub expires_at: Option<Expiry>,
    /// The OAuth scopes that were granted, as far as they are known.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Who logged in, as the server named them; to be shown only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether a new access token can be had without a person.
    #[serde(default)]
    pub renewable: bool,
    /// Whether a request for this server that names no user gets this account.
    pub default: bool,
    /// How the credential came; absent if an older agent answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Where the settings offer the account beside its own server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_at: Vec<ServerUrl>,
    /// Whether the credential is of use. One that can be renewed without a person counts as valid.
    pub state: Condition,
    /// Whether the credential is known to be one: its server gave it, or took it since the agent began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proven: bool,
    /// What the server said to the credential; absent unless [`Status::check`] had it asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
}

/// What a server said to a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checked {
    /// The server takes the credential.
    Accepted,
    /// The server does not take the credential.
    Refused,
    /// The server has no such question, or did not answer.
    Unknown,
}

/// Whether a credential is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// The credential can be used, as far as is known.
    Valid,
    /// The credential has ended, and cannot be renewed without a person.
    Expired,
    /// The server did not accept the credential; it is kept, and not given out again until something changes.
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
