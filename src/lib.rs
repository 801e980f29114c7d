//! One agent holds the credentials of all your servers; everything else asks it.
#![forbid(unsafe_code)]
#[cfg(feature = "agent")]
pub mod agent;
pub mod base;
pub mod client;
pub mod git;
#[cfg(feature = "agent")]
pub mod listen;
#[cfg(feature = "agent")]
pub mod oauth;
#[cfg(feature = "agent")]
pub mod store;
pub mod wire;
