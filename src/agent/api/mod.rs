//! Calling a server's API for somebody who never sees the token.

mod account;
mod answer;
mod body;
mod exchange;
mod headers;
mod redactor;
mod target;

pub(super) use account::pick;
pub(super) use exchange::{Asked, carry_out};
pub(super) use headers::{checked, method};
pub(super) use target::Target;
