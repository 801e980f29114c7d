use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::ServerUrl;

/// `audit`: the last entries of the audit log as events, the oldest first, then the reply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Only this event, or with a dot less at its end every event below it: `token` is `token.get` and `token.renew`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// At most so many of what has been written by now.
    #[serde(default)]
    pub last: usize,
    /// Goes on with what is written from now on, until the connection closes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,
}

/// `audit_verify`: whether the log is whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AuditVerify {}

/// The log as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerifyReply {
    /// Entries whose chain holds, of all chains.
    pub entries: u64,
    /// The end of the last chain. Who keeps the ends elsewhere will notice if the end of the log is cut off.
    pub head: String,
    /// Lines that a crash cut short; no entry is missing for them.
    pub cut: u64,
    /// The first place that is not as it was written: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// Each chain by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<AuditChain>,
    /// Why not everything is in it at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<AuditTrouble>,
}

/// One chain of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChain {
    /// The name of its youngest file.
    pub file: String,
    pub entries: u64,
    /// Its end.
    pub head: String,
    /// The time of the oldest entry that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What rotation dropped before that, as far as it was counted.
    #[serde(default)]
    pub dropped_files: u64,
    #[serde(default)]
    pub dropped_entries: u64,
    /// Files are gone before that which no rotation dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beginning_missing: bool,
    #[serde(default)]
    pub cut: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// The log cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTrouble {
    /// Since when, RFC 3339.
    pub since: String,
    /// Why, in the language of the request.
    pub reason: String,
    /// So many entries wait in memory until it can be written.
    pub waiting: u64,
    /// So many were dropped, since no more are held.
    pub lost: u64,
}

/// Who asked for what, when, and what came of it. Never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// RFC 3339, UTC.
    pub time: String,
    /// Dotted, as in `token.get`.
    pub event: String,
    pub actor: Actor,
    pub server: Option<ServerUrl>,
    pub account: Option<String>,
    /// Of a call of a server's API: the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The same call's path at that host, without the query, in which secrets are usual; a long one is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Which right was given or taken: the id of a token or session, the path of a socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// `ok`, or the code of the fault.
    pub outcome: String,
    /// So many more of these were not noted one by one, from `since` until `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Actor {
    /// A process, as the kernel named it when it asked, and the issued token it presented.
    Process {
        uid: u32,
        pid: u32,
        exe: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_id: Option<String>,
    },
    /// Somebody who signed in; perhaps with an issued token.
    Person {
        person: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_id: Option<String>,
        address: String,
    },
    /// An issued token, presented from where no process is known.
    Token {
        token_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Somebody who showed nothing that counts, and from where.
    Stranger { address: String },
}

impl AuditVerifyReply {
    /// Whether nothing was changed, and everything is in it.
    pub fn is_whole(&self) -> bool {
        self.broken.is_none() && self.trouble.is_none()
    }
}

impl AuditEntry {
    /// Whether it is this event, or one below it.
    pub fn is(&self, event: &str) -> bool {
        let below = self.event.strip_prefix(event.trim_end_matches(".*"));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl Verb for Audit {
    const NAME: &'static str = "audit";
    const REPEATABLE: bool = true;
    type Reply = super::Empty;
}

impl Verb for AuditVerify {
    const NAME: &'static str = "audit_verify";
    const REPEATABLE: bool = true;
    type Reply = AuditVerifyReply;
}
