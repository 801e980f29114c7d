//! Floor 2: how servers are spoken to, whatever is said. The only place that talks to the network.
//!
//! One client for all of loom, with its limits ([`Http`]); a whole answer that is short ([`Answer`]), read as a strict
//! JSON [`Object`]; and a [`call`] whose bodies are streamed. What a server means is for the floors above: `oauth` asks
//! for tokens, a store might ask for records.
//!
//! TLS is rustls with the ring provider and the platform's trust store; no OpenSSL.

mod answer;
pub mod call;
mod error;
mod http;
mod limits;
mod object;
mod proxy;
mod tls;

pub use answer::Answer;
pub use error::HttpError;
pub use http::Http;
pub use object::Object;
