//! What a store keeps of an account. A record is never changed, only replaced by another: the dates say which of two
//! counts, and a refusal by the server is noted without losing the credential.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{AccountKey, Credential, clock};

/// A credential as it is stored: its account, its dates and the secret.
///
/// A keyring entry holds its serialised form, one JSON object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    account: AccountKey,
    created: Timestamp,
    saved: Timestamp,
    /// Whether the server answered 401 to this credential.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    credential: Credential,
}

impl Record {
    /// A record whose dates are now, and which no server has refused.
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

    /// The account that the credential is for.
    pub fn account(&self) -> &AccountKey {
        &self.account
    }

    /// When the account was first stored. The oldest account of a server is its default.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When this credential was stored. Of two records of an account the later one counts.
    pub fn saved(&self) -> Timestamp {
        self.saved
    }

    /// Whether the server refused this very credential. It is then kept, but not offered again.
    pub fn refused(&self) -> bool {
        self.refused
    }

    /// This record with a note whether the server refused the credential.
    pub fn noted(&self, refused: bool) -> Self {
        Record { refused, ..self.clone() }
    }

    /// The credential.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// This record as one whose terms have ended: nothing renews it any more, and nobody is given it.
    pub fn ended(&self) -> Self {
        let mut ended = self.noted(true);
        if let Credential::OAuth { refresh, .. } = &mut ended.credential {
            *refresh = None;
        }
        ended
    }

    /// This record for another account.
    pub fn named(&self, account: AccountKey) -> Self {
        Record { account, ..self.clone() }
    }

    /// A record of the same account with this credential, stored now.
    pub fn renewed(&self, credential: Credential) -> Self {
        Record { account: self.account.clone(), created: self.created, saved: clock::now(), refused: false, credential }
    }
}
