use sha2::{Digest, Sha256};

use crate::base::hex;

/// Which of the values that an account had one after another it has, by the word of the store itself: two that are equal
/// are the same value. It is only ever compared. No machine's clock is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Revision(String);

impl Revision {
    /// As the store spells it: the number of a version, a tag, what is different with every write.
    pub(super) fn new(text: impl Into<String>) -> Revision {
        Revision(text.into())
    }

    /// For a store that has none: of everything that it has of an account.
    pub(super) fn of_content<'c>(parts: impl IntoIterator<Item = &'c [u8]>) -> Revision {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Revision(hex(&digest.finalize()))
    }
}
