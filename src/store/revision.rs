use sha2::{Digest, Sha256};

use crate::base::hex;

/// Tells one value of an account from all its earlier and later ones. The store itself gives it, so no machine's clock
/// matters. Revisions are only compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Revision(String);

impl Revision {
    /// A revision as the store spells it, such as a version number or a tag.
    pub(super) fn new(text: impl Into<String>) -> Revision {
        Revision(text.into())
    }

    /// A revision for a store that has none: a hash of everything that it has of an account.
    pub(super) fn of_content<'c>(parts: impl IntoIterator<Item = &'c [u8]>) -> Revision {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Revision(hex(&digest.finalize()))
    }
}
