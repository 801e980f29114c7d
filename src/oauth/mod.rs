//! Floor 2: what is said to servers. The only place that talks to the network.

mod http;
pub mod loom_dialect;

pub use http::{Http, HttpError};
