//! Calling a server's API for somebody who never sees the token.

mod account;
mod answer;
mod body;
mod exchange;
mod header_kinds;
mod headers;
mod query;
mod redactor;
mod target;

pub(super) use account::pick;
pub(super) use exchange::{Asked, carry_out};
pub use headers::ends_here;
pub(super) use headers::{Sender, checked, method};
pub(super) use query::checked_query;
pub(super) use target::Target;
