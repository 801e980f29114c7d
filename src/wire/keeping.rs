use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Secret, StoredIn, reveal_some};

/// `stores`: where credentials are kept, and where new ones go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stores {}

/// The answer to [`Stores`]. `loom store status --json` prints it as it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoresReply {
    /// The store that new credentials go to.
    pub first: StoredIn,
    /// How many credentials each store has.
    pub kept: Vec<Kept>,
    /// Whether the sealed file opens with a passphrase only.
    #[serde(default)]
    pub passphrase: bool,
    /// Why the keyring is not used, if it is not, in the language of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// How many credentials a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which store.
    pub stored_in: StoredIn,
    /// The number of accounts whose credential is kept there.
    pub count: usize,
}

/// `migrate`: moves every credential into one store, and has new ones go there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Migrate {
    /// The keyring or the file; memory is refused.
    pub to: StoredIn,
}

/// The answer to [`Migrate`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MigrateReply {
    /// The number of credentials that were moved.
    pub count: usize,
}

/// `rekey`: seals the file with a new key. Where a passphrase was set, exactly one of the fields has to be given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rekey {
    /// A new passphrase, without which the new key does not open.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
    /// Whether the new key lies open in its file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_passphrase: bool,
}

impl Verb for Stores {
    const NAME: &'static str = "stores";
    const REPEATABLE: bool = true;
    type Reply = StoresReply;
}

impl Verb for Migrate {
    const NAME: &'static str = "migrate";
    type Reply = MigrateReply;
}

impl Verb for Rekey {
    const NAME: &'static str = "rekey";
    type Reply = Empty;
}
