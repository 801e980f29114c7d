use super::{LegacyKey, StoreError};
use crate::base::Credential;

/// What an older Loom left in a store, until a person names the server each key belongs to. A new store has none of it.
pub(super) trait LegacySource {
    /// The keys under which there is something.
    fn keys(&mut self) -> Result<Vec<LegacyKey>, StoreError>;

    /// What is kept under this key and no other. The caller holds the lock of the stores.
    fn find(&mut self, key: &LegacyKey) -> Result<Option<Credential>, StoreError>;

    /// Forgets what [`find`](Self::find) gave. The caller holds the lock of the stores.
    fn forget(&mut self, key: &LegacyKey) -> Result<(), StoreError>;
}
