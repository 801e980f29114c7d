use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{AccountKey, Credential, clock};

/// A credential as it is kept: whose it is, since when, and the secret itself.
///
/// Its serialised form, one JSON object, is what a keyring entry holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    account: AccountKey,
    created: Timestamp,
    saved: Timestamp,
    credential: Credential,
}

impl Record {
    /// A record that begins now.
    pub fn new(account: AccountKey, credential: Credential) -> Self {
        let now = clock::now();
        Record { account, created: now, saved: now, credential }
    }

    pub(super) fn from_parts(account: AccountKey, [created, saved]: [Timestamp; 2], credential: Credential) -> Self {
        Record { account, created, saved, credential }
    }

    pub fn account(&self) -> &AccountKey {
        &self.account
    }

    /// When the account was first kept; the oldest account of a server is its default.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When this credential came; of two records of an account the later one counts.
    pub(super) fn saved(&self) -> Timestamp {
        self.saved
    }

    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The same account with another credential.
    pub fn renewed(&self, credential: Credential) -> Self {
        Record { account: self.account.clone(), created: self.created, saved: clock::now(), credential }
    }
}
