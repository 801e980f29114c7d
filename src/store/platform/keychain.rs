//! The keyring of macOS: the user's own Keychain, a generic password for each account, service `loom`; it has no two of
//! one service and user.
//!
//! Nothing is asked of a person: a Keychain that is locked, or that would ask whether this program may read an entry –
//! as it does of a program that was replaced and is not signed –, is an error that says so. It tells of no change.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use apple_native_keyring_store::keychain::Store;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use security_framework::os::macos::keychain::{KeychainUserInteractionLock, SecKeychain};
use zeroize::Zeroizing;

use super::super::StoreError;
use super::silent::user_of;
use crate::base::StoredIn;
use crate::msg;

pub use super::silent::bring_bus;
pub(in crate::store) use super::silent::{Item, Signals, known_buses};

/// What the system calls it.
pub const TITLE: &str = "Keychain";

/// By which loom's entries are found.
const SERVICE: &str = "loom";

/// The user's Keychain, which asks nobody for as long as this is held.
pub(in crate::store) struct Platform {
    store: Arc<Store>,
    _quiet: KeychainUserInteractionLock,
}

type Result<T> = std::result::Result<T, StoreError>;

/// Opens the Keychain of this user's login.
pub(in crate::store) fn connect(_: impl Fn(&str)) -> Result<Platform> {
    let quiet = SecKeychain::disable_user_interaction();
    let quiet = quiet.map_err(|error| StoreError::of_keyring(msg!("keyring-says", error = error)))?;
    Ok(Platform { store: Store::new().map_err(failed)?, _quiet: quiet })
}

impl Platform {
    /// Nobody is asked, so every call is quick.
    pub(in crate::store) fn awaited_until(&self, _: Instant) {}

    /// Each call says by itself that it is locked.
    pub(in crate::store) fn look(&self) -> Result<()> {
        Ok(())
    }

    /// The entries of loom, or of one of its users.
    pub(in crate::store) fn items(&self, attributes: &[(&str, &str)]) -> Result<Vec<Item>> {
        let mut spec = HashMap::from([("service", SERVICE)]);
        spec.extend(user_of(attributes).map(|user| ("user", user)));
        let found = match self.store.search(&spec) {
            Err(Error::NoEntry) => Vec::new(),
            found => found.map_err(failed)?,
        };
        let user = |entry: &Entry| entry.get_specifiers().filter(|(service, _)| service == SERVICE);
        Ok(found.iter().filter_map(user).map(|(_, user)| Item(user)).collect())
    }

    /// The attributes of each of these entries; `None` for one that is gone.
    pub(in crate::store) fn attributes(&self, items: &[Item]) -> Result<Vec<Option<HashMap<String, String>>>> {
        let named = |item: &Item| {
            [("service", SERVICE), ("username", &item.0)].map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        Ok(items.iter().map(|item| Some(HashMap::from(named(item)))).collect())
    }

    /// The value of an entry; `None` if it is gone.
    pub(in crate::store) fn secret(&self, item: &Item) -> Result<Option<Zeroizing<Vec<u8>>>> {
        match self.entry(&item.0)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The value of each of these entries; `None` for one that is gone.
    pub(in crate::store) fn secrets(&self, items: &[Item]) -> Result<Vec<Option<Zeroizing<Vec<u8>>>>> {
        items.iter().map(|item| self.secret(item)).collect()
    }

    /// Makes the entry with these attributes, in the place of one that is there.
    pub(in crate::store) fn create(&self, _: &str, attributes: &[(&str, &str)], secret: &[u8]) -> Result<Item> {
        let user = user_of(attributes).unwrap_or_default();
        self.entry(user)?.set_secret(secret).map_err(failed)?;
        Ok(Item(user.to_owned()))
    }

    /// Removes an entry; one that is gone already is no error.
    pub(in crate::store) fn delete(&self, item: &Item) -> Result<()> {
        match self.entry(&item.0)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn entry(&self, user: &str) -> Result<Entry> {
        self.store.build(SERVICE, user, None).map_err(failed)
    }
}

fn failed(error: Error) -> StoreError {
    match error {
        Error::NoStorageAccess(_) => StoreError::Locked(StoredIn::Keyring),
        error => StoreError::of_keyring(msg!("keyring-says", error = error)),
    }
}

/// None: a test of it would write into the keyring of whoever runs it.
#[cfg(test)]
pub(in crate::store) struct Trial(std::convert::Infallible);

#[cfg(test)]
impl Trial {
    pub(in crate::store) fn start(_: &std::path::Path) -> Option<Trial> {
        None
    }

    pub(in crate::store) fn many() -> usize {
        0
    }

    pub(in crate::store) fn add(&self, _: &str, _: &[u8]) {
        match self.0 {}
    }

    pub(in crate::store) fn cut_short(&self, _: &str, _: &[u8]) {
        match self.0 {}
    }
}
