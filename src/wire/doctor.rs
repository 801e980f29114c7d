use serde::{Deserialize, Serialize};

use super::{AgentStatus, AuditVerifyReply, Verb, Warning};
use crate::base::{AccountKey, ServerUrl};

/// `doctor`: whether everything that is kept is as it was written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Doctor {
    /// Make a file anew of what is whole: of a damaged one that is put aside, or of the copy of one that is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore: bool,
}

/// What was found. Printed as it is by `loom doctor --json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct DoctorReply {
    pub agent: AgentStatus,
    pub file: FileReport,
    pub audit: AuditVerifyReply,
    /// Of which the keyring has something that cannot be read any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<FileAccount>,
    /// What is wrong with the HTTP door, or soon will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The list of issued tokens that is gone, and with it all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_gone: Option<String>,
    /// Why credentials cannot be used at the moment, in the language of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Where a damaged file was put, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_aside: Option<String>,
}

/// The sealed file.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileReport {
    pub path: String,
    pub state: FileCondition,
    /// Whose records are whole.
    pub accounts: Vec<FileAccount>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    pub server: ServerUrl,
    pub account: String,
}

impl FileAccount {
    pub fn of(account: &AccountKey) -> FileAccount {
        FileAccount { server: account.server().clone(), account: account.user().to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileCondition {
    Absent,
    Whole,
    /// Not as it was written; what is whole in it can be restored.
    Damaged,
    /// There was one, and it is gone; what its copy holds can be restored.
    Missing,
    /// Only a passphrase opens it.
    Locked,
    /// It cannot be looked into: another key, a newer version, an unsafe place.
    Closed,
}

impl Verb for Doctor {
    const NAME: &'static str = "doctor";
    type Reply = DoctorReply;
}
