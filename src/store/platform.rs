//! The one place that knows which keyring this operating system has.

use super::StoreError;
use super::watch::Watch;
use crate::msg;

pub(super) use super::secret_service::{Item, SecretService as Platform};

/// Connects to the keyring, and begins to watch it. An error means that there is none here.
pub(super) fn connect(watch: &Watch) -> Result<Platform, StoreError> {
    // Without an address libdbus would try to start a bus of its own through X11.
    let bus = session_bus().ok_or_else(|| StoreError::Unavailable(msg!("no-session-bus")))?;
    // Before anything is read, so that no change falls between.
    watch.begin(&bus);
    Platform::connect(&bus)
}

/// The address of the bus that this process was given, else of the user's own.
fn session_bus() -> Option<String> {
    let given = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
    let of_user = || dirs::runtime_dir().map(|dir| dir.join("bus")).filter(|bus| bus.exists());
    given.or_else(|| of_user().map(|bus| format!("unix:path={}", bus.display())))
}
