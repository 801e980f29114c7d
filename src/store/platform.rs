//! The one place that knows which keyring this operating system has.

use super::watch::Watch;
use super::{StoreError, buses};
use crate::msg;

pub(super) use super::secret_service::{Item, SecretService as Platform};

/// Connects to the keyring on the first bus that has one, and begins to watch it. An error means that there is none
/// here.
pub(super) fn connect(watch: &Watch) -> Result<Platform, StoreError> {
    let buses = buses::all();
    let mut failed = None;
    for bus in &buses {
        // Before anything is read, so that no change falls between.
        watch.begin(bus);
        match Platform::connect(bus) {
            Ok(platform) => return Ok(platform),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    // Where one would appear first.
    buses.first().inspect(|bus| watch.begin(bus));
    Err(failed.unwrap_or_else(|| StoreError::of_keyring(msg!("no-session-bus"))))
}
