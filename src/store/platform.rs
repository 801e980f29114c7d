//! The one place that knows which keyring this operating system has.

use std::collections::HashMap;
use std::sync::Arc;

use dbus_secret_service::{EncryptionType, SecretService};
use dbus_secret_service_keyring_store::Store;
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi;

use super::StoreError;
use super::watch::Watch;
use crate::msg;

/// The Secret Service on the session bus: the keyring store to work with, and a second connection to look first.
pub(super) struct Platform {
    store: Arc<Store>,
    service: SecretService,
}

impl Platform {
    /// Connects. An error means that there is no such service here.
    pub(super) fn connect(watch: &Watch) -> Result<Platform, StoreError> {
        // Without an address libdbus would try to start a bus of its own through X11.
        let bus = session_bus().ok_or_else(|| StoreError::Unavailable(msg!("no-session-bus")))?;
        // Before anything is read, so that no change falls between.
        watch.begin(&bus);
        let service = SecretService::connect(EncryptionType::Plain).map_err(unavailable)?;
        let store = Store::new().map_err(unavailable)?;
        Ok(Platform { store, service })
    }

    /// Whether the keyring is open to us, found out without causing a prompt.
    pub(super) fn look(&self, service: &str) -> Result<(), StoreError> {
        let default = self.service.get_default_collection().map_err(unavailable)?;
        let items = self.service.search_items(HashMap::from([("service", service)])).map_err(unavailable)?;
        match default.is_locked().map_err(unavailable)? || !items.locked.is_empty() {
            true => Err(StoreError::Locked),
            false => Ok(()),
        }
    }

    pub(super) fn store(&self) -> &dyn CredentialStoreApi {
        &*self.store
    }
}

/// The user name of an item of this service; nothing if it is another application's, whatever a search said.
pub(super) fn user(entry: &Entry, service: &str) -> keyring_core::Result<Option<String>> {
    let mut attributes = entry.get_attributes()?;
    let is_of_service = attributes.get("service").is_some_and(|found| found == service);
    Ok(attributes.remove("username").filter(|_| is_of_service))
}

/// Whether a person dismissed the prompt of the keyring.
pub(super) fn is_dismissal(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(dbus_secret_service::Error::Prompt))
}

/// The address of the bus that this process was given, else of the user's own.
fn session_bus() -> Option<String> {
    let given = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
    let of_user = || dirs::runtime_dir().map(|dir| dir.join("bus")).filter(|bus| bus.exists());
    given.or_else(|| of_user().map(|bus| format!("unix:path={}", bus.display())))
}

fn unavailable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(msg!("keyring-says", error = error))
}
