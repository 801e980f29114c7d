//! The rooms of [`os`](super) on Windows. What only this system has is `sid`, by which it names users, and `calls`, the
//! one place here with code that the compiler cannot check.

#[cfg(feature = "agent")]
pub(super) use super::untold as changes;

pub(super) mod alarm;
#[cfg(feature = "cli")]
pub(super) mod at_login;
pub(super) mod background;
mod calls;
pub(super) mod clock;
pub(super) mod directories;
pub(super) mod file;
pub(super) mod filesystem;
#[cfg(test)]
pub(super) mod fixture;
pub(super) mod hardening;
#[cfg(feature = "agent")]
pub(super) mod listening;
pub(super) mod local;
pub(super) mod lock;
pub(super) mod machine;
#[cfg(feature = "agent")]
pub(super) mod memory;
pub(super) mod naming;
pub(super) mod private;
pub(super) mod process;
pub(super) mod relay;
#[cfg(feature = "agent")]
pub(super) mod service_manager;
pub(super) mod session;
mod sid;
#[cfg(feature = "agent")]
pub(super) mod signals;
pub(super) mod streams;
pub(super) mod terminal;
pub(super) mod user;
