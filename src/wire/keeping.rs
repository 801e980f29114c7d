use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Secret, StoredIn, reveal_some};

/// `stores`: where credentials are kept, and where new ones go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stores {}

/// Printed as it is by `loom store status --json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoresReply {
    /// Where new ones go.
    pub first: StoredIn,
    pub kept: Vec<Kept>,
    /// The sealed file opens with a passphrase only.
    #[serde(default)]
    pub passphrase: bool,
    /// Why the keyring is not used, if it is not, in the language of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// How many are kept in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub stored_in: StoredIn,
    pub count: usize,
}

/// `migrate`: moves every credential into one place, and has new ones go there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Migrate {
    pub to: StoredIn,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MigrateReply {
    pub count: usize,
}

/// `rekey`: seals the file with a new key. Where a passphrase was set, one of the fields says what becomes of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rekey {
    /// Only this opens the new key.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Secret>,
    /// The new key lies open in its file.
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
