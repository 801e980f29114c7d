//! Floor 2: what is said to servers. The only place that talks to the network.
//!
//! The protocol of OAuth is the `oauth2` crate's; here is what it leaves open: how a server is found out, what of its
//! answers is believed, and how much time and room it gets.

mod adapter;
mod authorization_server;
pub mod call;
mod client;
pub mod code;
pub mod device;
pub mod discovery;
mod error;
mod http;
pub mod identity;
pub mod known_hosts;
pub mod loom_dialect;
pub mod loopback;
mod object;
pub mod openid;
mod register;
mod renew;
mod revoke;
pub mod scopes;
mod tokens;

pub use authorization_server::AuthorizationServer;
pub use client::Client;
pub use error::OAuthError;
pub use http::{Http, HttpError};
pub use register::{Registered, register};
pub use renew::{Wish, exchange, machine, renew};
pub use revoke::revoke;
pub use tokens::Tokens;
