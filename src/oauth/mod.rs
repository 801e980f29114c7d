//! Floor 3: what is said to authorization servers.
//!
//! The protocol of OAuth is the `oauth2` crate's; here is what it leaves open: how a server is found out, what of its
//! answers is believed, and how much time and room it gets.

mod adapter;
mod authorization_server;
mod client;
pub mod code;
pub mod device;
pub mod discovery;
mod error;
pub mod identity;
pub mod known_hosts;
pub mod loom_dialect;
pub mod loopback;
pub mod openid;
mod register;
mod renew;
mod revoke;
pub mod scopes;
mod tokens;

pub use authorization_server::AuthorizationServer;
pub use client::Client;
pub use error::OAuthError;
pub use register::{Registered, register};
pub use renew::{Wish, exchange, machine, renew};
pub use revoke::revoke;
pub use tokens::Tokens;
