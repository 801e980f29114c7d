//! The rooms of [`os`](super) on Unix, Linux above all: what another Unix does not tell is said with each.

pub(super) mod alarm;
#[cfg(all(feature = "agent", target_os = "macos"))]
mod apple;
#[cfg(feature = "cli")]
pub(super) mod at_login;
pub(super) mod background;
#[cfg(feature = "agent")]
pub(super) mod changes;
pub(super) mod clock;
#[cfg(all(feature = "cli", target_os = "linux"))]
pub(super) mod confinement;
pub(super) mod directories;
pub(super) mod file;
pub(super) mod filesystem;
#[cfg(test)]
pub(super) mod fixture;
pub(super) mod hardening;
#[cfg(all(feature = "cli", target_os = "macos"))]
mod launchd;
#[cfg(feature = "agent")]
pub(super) mod listening;
pub(super) mod local;
pub(super) mod lock;
pub(super) mod machine;
#[cfg(feature = "cli")]
mod manager_program;
#[cfg(feature = "agent")]
pub(super) mod memory;
pub(super) mod naming;
pub(super) mod private;
pub(super) mod process;
pub(super) mod relay;
#[cfg(feature = "agent")]
pub(super) mod service_manager;
pub(super) mod session;
#[cfg(feature = "agent")]
pub(super) mod signals;
pub(super) mod streams;
#[cfg(all(feature = "cli", not(target_os = "macos")))]
mod systemd;
pub(super) mod terminal;
pub(super) mod user;
