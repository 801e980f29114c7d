//! One agent per user holds the credentials of all servers; everything else asks it over a local socket.
//!
//! The modules are floors: each uses only what lies below it, which `tests/house/layers.rs` holds.
//!
//! ```text
//!  6   listen     the agent's doors                feature "agent"
//!  5   agent      the only place that decides      feature "agent"
//!  4   client     what every front-end does
//!  3   git        store   oauth   access           siblings, blind to each other
//!  2   wire   net   what is said, and how servers are spoken to
//!  1   base       what things are
//!  0   os         what the system gives
//! ```
//!
//! Other programs use [`client::Client`]; with `default-features = false` neither the agent nor its dependencies come
//! along. The agent is started when it does not run.
//!
//! ```no_run
//! use loom_credentials::base::{Secret, ServerUrl};
//! use loom_credentials::client::Client;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_environment()?;
//! let server = ServerUrl::parse("https://api.example")?;
//!
//! client.save(&server, Some("ci"), Secret::new("tok_0123".to_owned()))?;
//! if let Some(account) = client.load(&server, Some("ci"))? {
//!     println!("{} expires {:?}", account.user, account.expires);
//! }
//! let token = client.token(&server, None, 60)?;
//! println!("Authorization: Bearer {}", token.expose());
//! client.delete(&server, Some("ci"))?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod base;
pub mod client;
pub mod git;
#[doc(hidden)]
pub mod os;
pub mod wire;

#[cfg(feature = "agent")]
pub mod access;
#[cfg(feature = "agent")]
pub mod agent;
#[cfg(feature = "agent")]
pub mod listen;
#[cfg(feature = "agent")]
pub mod net;
#[cfg(feature = "agent")]
pub mod oauth;
#[cfg(feature = "agent")]
pub mod store;
