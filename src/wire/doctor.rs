use serde::{Deserialize, Serialize};

use super::{AgentStatus, AuditVerifyReply, Verb, Warning};
use crate::base::{AccountKey, ServerUrl};

/// `doctor`: whether everything that is kept is as it was written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Doctor {
    /// Whether to make the sealed file anew of its whole records, if it is damaged or gone. A damaged one is put aside;
    /// for one that is gone there is a copy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore: bool,
}

/// The answer to [`Doctor`]. `loom doctor --json` prints it as it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct DoctorReply {
    /// The state of the agent that answered.
    pub agent: AgentStatus,
    /// The state of the sealed file.
    pub file: FileReport,
    /// Whether the audit log is whole.
    pub audit: AuditVerifyReply,
    /// The keyring of this system. An older agent does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyring: Option<KeyringReport>,
    /// Where programs of this machine reach the agent. An older agent does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<DoorReport>,
    /// The accounts of which the keyring has something that cannot be read any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<FileAccount>,
    /// What is wrong with the HTTP door, or soon will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The path of the list of issued tokens, if the list is gone; every token on it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_gone: Option<String>,
    /// Why credentials cannot be used at the moment, in the language of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Where a damaged file was put, if one had to make room for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_aside: Option<String>,
}

/// The sealed file: the store that is used where the keyring is not.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileReport {
    /// Where the file is, or would be.
    pub path: String,
    /// Whether the file is as it was written.
    pub state: FileCondition,
    /// The accounts whose records are whole.
    pub accounts: Vec<FileAccount>,
}

/// The keyring that this system has.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyringReport {
    /// What the system calls it.
    pub name: String,
    /// Whether new credentials go there.
    pub used: bool,
    /// Why not, if it was tried, in the language of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The agent's own socket, or on Windows its pipe.
#[derive(Debug, Serialize, Deserialize)]
pub struct DoorReport {
    /// Its name, a path.
    pub path: String,
    /// The service manager that listens there for the agent and starts it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_by: Option<String>,
}

/// An account in a store, named without its credential.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    /// The server that the credential is for.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub account: String,
}

impl FileAccount {
    /// Names the account with this key.
    pub fn of(account: &AccountKey) -> FileAccount {
        FileAccount { server: account.server().clone(), account: account.user().to_owned() }
    }
}

/// Whether the sealed file is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileCondition {
    /// There is no file, and there is no sign that there was one.
    Absent,
    /// The file can be read, and everything in it is as it was written.
    Whole,
    /// The file is not as it was written; the records that are whole can be restored.
    Damaged,
    /// There was a file, and it is gone; what its copy holds can be restored.
    Missing,
    /// The file opens with a passphrase only, which nobody has given yet.
    Locked,
    /// The file cannot be read: it is sealed with another key, of a newer version, or in an unsafe place.
    Closed,
}

impl Verb for Doctor {
    const NAME: &'static str = "doctor";
    type Reply = DoctorReply;
}
