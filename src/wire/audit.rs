use std::fmt;

use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::ServerUrl;
use crate::os::user::UserId;

/// The outcome of what was done.
pub const OUTCOME_OK: &str = "ok";

/// The outcome of what was let in and had nothing to change.
pub const OUTCOME_UNCHANGED: &str = "unchanged";

/// `audit`: the last entries of the audit log, each as an event ([`AuditEntry`]), the oldest first; then an empty
/// reply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Only entries of this event, or of events below it: `token` selects `token.get` and `token.renew`. All if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// At most this number of the entries that have been written by now; 0 sends none of them.
    #[serde(default)]
    pub last: usize,
    /// Whether to go on with what is written from now on, until the connection closes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow: bool,
}

/// `audit_verify`: follows the chains of the audit log, to find out whether it is whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AuditVerify {}

/// What was found when the chains of the audit log were followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerifyReply {
    /// The number of entries, in all chains, that follow one another as they were written.
    pub entries: u64,
    /// The hash at the end of the chain of `audit.log`. Whoever keeps such hashes elsewhere will notice if the end of
    /// the log is cut off.
    pub head: String,
    /// The number of lines that a crash cut short; no entry is missing because of them.
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

/// One chain of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChain {
    /// The name of the chain's youngest file.
    pub file: String,
    /// The number of entries in this chain that follow one another as they were written.
    pub entries: u64,
    /// The hash at the end of this chain: SHA-256 of its last line and the hash before.
    pub head: String,
    /// The time of the oldest entry that is left, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The number of files that rotation dropped before the oldest entry, as far as they were counted.
    #[serde(default)]
    pub dropped_files: u64,
    /// The number of entries that rotation dropped with those files.
    #[serde(default)]
    pub dropped_entries: u64,
    /// Whether files are gone before the oldest entry that no rotation dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beginning_missing: bool,
    /// The number of lines in this chain that a crash cut short.
    #[serde(default)]
    pub cut: u64,
    /// The first place in this chain that is not as it was written: file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// Why the audit log cannot be written at the moment, and what that costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTrouble {
    /// When the trouble began, RFC 3339.
    pub since: String,
    /// The cause, in the language of the request.
    pub reason: String,
    /// The number of entries that wait in memory until the log can be written.
    pub waiting: u64,
    /// The number of entries that were dropped because memory holds no more.
    pub lost: u64,
}

/// An entry of the audit log: who asked for what, when, and what came of it. Never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it happened, RFC 3339 in UTC.
    pub time: String,
    /// What was asked for, in dotted words such as `token.get`; loom-protocol(7) lists them.
    pub event: String,
    /// Who asked.
    pub actor: Actor,
    /// The ids of the tokens behind the door where it was asked, with a space between, if a token opened or limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
    /// The server that was meant, if one was.
    pub server: Option<ServerUrl>,
    /// The account that was meant, if one was.
    pub account: Option<String>,
    /// The second origin that the account was given out for, if the settings lend it to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_to: Option<ServerUrl>,
    /// The HTTP method of a call of a server's API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path of a call of a server's API, without the query, in which secrets are usual; a long one is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Which right was given or taken: the id of a token or a session, or the path of a socket. Older agents noted the
    /// ids of several tokens with a space between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The path of the repository that was fetched from or pushed to through the proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The whole name of the ref that a push was to change. Each ref of a push has an entry of its own.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The object that the ref had, as whoever pushed said; the server compares it. All zeros if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The object that the ref was to get; all zeros where it was to be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The grant under which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// [`OUTCOME_OK`], [`OUTCOME_UNCHANGED`], the name of the fault's [`Code`](super::Code), or for `audit.lost` the
    /// number of lost entries.
    pub outcome: String,
    /// How many more entries like this one were counted from `since` until `time`, and not written one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<u64>,
    /// When counting `more` began, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A user of the machine, as its system names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Uid {
    /// A number, as on Unix.
    Number(u32),
    /// A security identifier, `S-1-5-21-…`, as on Windows.
    Sid(String),
}

impl From<UserId> for Uid {
    fn from(user: UserId) -> Uid {
        user.number().map_or_else(|| Uid::Sid(user.name()), Uid::Number)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Uid::Number(number) => number.fmt(f),
            Uid::Sid(sid) => sid.fmt(f),
        }
    }
}

/// Who asked for what an [`AuditEntry`] notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Actor {
    /// A process on this machine, as the kernel named it when it connected.
    Process {
        /// The user, as the system names them.
        uid: Uid,
        /// The process id; 0 where several processes were counted together.
        pid: u32,
        /// The path of the program; absent if the process had ended before it was looked up.
        exe: Option<String>,
        /// The id of the issued token that the process presented, if it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_id: Option<String>,
    },
    /// A person who signed in.
    Person {
        /// The name that is shown for them.
        person: String,
        /// The issuer's own, lasting name for them (the claim `sub`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// The issuer at which they signed in; absent if an issued token vouches for them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// The id of the issued token that they signed in with, if they did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_id: Option<String>,
        /// The IP address that they came from; a network where several addresses were counted together.
        address: String,
    },
    /// An issued token, presented from where no process is known.
    Token {
        /// The id of the token.
        token_id: String,
        /// The IP address that it was presented from, or a network; absent if that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Somebody who presented neither a valid token nor a session.
    Stranger {
        /// The IP address that they came from; a network where several addresses were counted together.
        address: String,
    },
}

impl AuditVerifyReply {
    /// Whether nothing in the log was changed, and no entry waits or was lost.
    pub fn is_whole(&self) -> bool {
        self.broken.is_none() && self.trouble.is_none()
    }
}

impl AuditEntry {
    /// Whether the entry is of `event`, or of an event below it: `token.get` is below `token` and `token.*`.
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
