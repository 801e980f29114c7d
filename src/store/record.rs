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
    /// The server answered 401 to this credential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    credential: Credential,
}

impl Record {
    /// A record that begins now.
    pub fn new(account: AccountKey, credential: Credential) -> Self {
        let now = clock::now();
        Record { account, created: now, saved: now, refused: false, credential }
    }

    pub(super) fn from_parts(
        account: AccountKey,
        [created, saved]: [Timestamp; 2],
        refused: bool,
        credential: Credential,
    ) -> Self {
        Record { account, created, saved, refused, credential }
    }

    pub fn account(&self) -> &AccountKey {
        &self.account
    }

    /// When the account was first kept; the oldest account of a server is its default.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When this credential came; of two records of an account the later one counts.
    pub fn saved(&self) -> Timestamp {
        self.saved
    }

    /// Whether the server refused this very credential. It is kept, but not offered again.
    pub fn refused(&self) -> bool {
        self.refused
    }

    /// The same with what the server said of it.
    pub fn noted(&self, refused: bool) -> Self {
        Record { refused, ..self.clone() }
    }

    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The same whose grant ended: nothing renews it any more, and nobody is given it.
    pub fn ended(&self) -> Self {
        let mut ended = self.noted(true);
        if let Credential::OAuth { refresh, .. } = &mut ended.credential {
            *refresh = None;
        }
        ended
    }

    /// The same under another name.
    pub fn named(&self, account: AccountKey) -> Self {
        Record { account, ..self.clone() }
    }

    /// The same account with another credential.
    pub fn renewed(&self, credential: Credential) -> Self {
        Record { account: self.account.clone(), created: self.created, saved: clock::now(), refused: false, credential }
    }
}
