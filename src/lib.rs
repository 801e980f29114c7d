//! One agent per user holds the credentials of all servers; everything else asks it over a local socket.
//!
//! The modules are floors: each uses only what lies below it, which `tests/house/layers.rs` holds.
//!
//! ```text
//!  6   listen     the agent's doors                feature "agent"
//!  5   agent      the only place that decides      feature "agent"
//!  4   client     what every front-end does
//!  3   git  tools  store   oauth   access           siblings, blind to each other
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
//!
//! # Errors
//!
//! Every refusal is a [`wire::Fault`]: a sentence for a person in their language, most often a hint, and a
//! [`wire::Code`], which says what a program should do:
//!
//! | code | what to do |
//! | --- | --- |
//! | [`NotFound`](wire::Code::NotFound) | go on without: nothing is kept for this server, or not for who asks |
//! | [`LoginRequired`](wire::Code::LoginRequired) | have a person run `loom login`, or log in through [`client`] |
//! | [`Locked`](wire::Code::Locked) | have a person run `loom unlock`; asking again does not help before |
//! | [`Denied`](wire::Code::Denied) | stop: the token that was shown does not allow it |
//! | [`Unauthenticated`](wire::Code::Unauthenticated) | show a token; the one that was shown is worth nothing |
//! | [`TooMany`](wire::Code::TooMany) | wait for the seconds that the fault names, then ask again |
//! | [`Elsewhere`](wire::Code::Elsewhere) | ask the agent of one's own directories |
//! | [`BadRequest`](wire::Code::BadRequest) | correct the question: it is a mistake of the program or of its settings |
//! | [`Unavailable`](wire::Code::Unavailable) | try again later: a server, a store or the agent does not answer |
//! | [`Usage`](wire::Code::Usage), [`Cancelled`](wire::Code::Cancelled) | said by command lines only |
//! | [`Internal`](wire::Code::Internal) | report it: it is a mistake in loom, or said by a newer one |
#![deny(unsafe_code)]
#![warn(missing_docs, unreachable_pub, clippy::print_stderr, clippy::print_stdout)]

pub mod base;
pub mod client;
pub mod git;
#[doc(hidden)]
pub mod os;
pub mod tools;
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
