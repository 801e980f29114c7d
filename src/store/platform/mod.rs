//! The one place that knows which keyring this operating system has. Each stands in a file of its own below, with the
//! same names: `TITLE`, `connect`, `Platform`, `Item`; `Signals`, by which it tells of what others change; `bring_bus`
//! and `known_buses`, by which somebody says where it may be; `Trial`, by which tests have one of their own.

#[cfg(windows)]
mod credential_manager;
#[cfg(target_os = "macos")]
mod keychain;
#[cfg(not(any(windows, target_os = "macos")))]
mod secret_service;
#[cfg(any(windows, target_os = "macos"))]
mod silent;

#[cfg(windows)]
use credential_manager as keyring;
#[cfg(target_os = "macos")]
use keychain as keyring;
#[cfg(not(any(windows, target_os = "macos")))]
use secret_service as keyring;

#[cfg(test)]
pub(super) use keyring::Trial;
pub(super) use keyring::{Item, Platform, Signals, connect, known_buses};
pub use keyring::{TITLE as KEYRING, bring_bus};

/// What a keyring tells of by itself.
#[cfg_attr(any(windows, target_os = "macos"), allow(dead_code, reason = "this one tells of nothing"))]
pub(super) enum Signal {
    /// Somebody began to offer one.
    Appeared,
    /// Something in it changed.
    Changed,
}
