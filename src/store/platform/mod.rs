//! The one place that knows which keyring this operating system has. Each stands in a file of its own below, with the
//! same names: `connect`, `Platform`, `Item`; `Signals`, by which it tells of what others change; `bring_bus` and
//! `known_buses`, by which somebody says where it may be.

#[cfg(windows)]
#[path = "platform/credential_manager.rs"]
mod keyring;
#[cfg(target_os = "macos")]
#[path = "platform/keychain.rs"]
mod keyring;
#[cfg(not(any(windows, target_os = "macos")))]
#[path = "platform/secret_service.rs"]
mod keyring;

#[cfg(not(any(windows, target_os = "macos")))]
mod buses;
#[cfg(not(any(windows, target_os = "macos")))]
mod signals;
#[cfg(any(windows, target_os = "macos"))]
#[path = "platform/silent.rs"]
mod signals;
#[cfg(not(any(windows, target_os = "macos")))]
mod transfer;

#[cfg(not(any(windows, target_os = "macos")))]
use buses as finding;
#[cfg(any(windows, target_os = "macos"))]
use signals as finding;

pub use finding::bring_bus;
pub(super) use finding::known_buses;
pub(super) use keyring::{Item, Platform, connect};
pub(super) use signals::Signals;

/// What a keyring tells of by itself.
#[cfg_attr(any(windows, target_os = "macos"), allow(dead_code, reason = "this one tells of nothing"))]
pub(super) enum Signal {
    /// Somebody began to offer one.
    Appeared,
    /// Something in it changed.
    Changed,
}
