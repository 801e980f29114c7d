//! Calling a server's API for somebody who never sees the token.
//!
//! `loom api` has the agent make the call. What it needs is decided by the path as the most lenient server would read
//! it (`access::api_scopes`), and the path must be one that a URL parser leaves as it is: no spelling makes a call look
//! smaller. Headers and parameters that would change the method or path are refused, and a redirect is checked like a
//! call. Of headers that say who one is there is no end, so whoever is not the owner sends those of a list only
//! (`agent::api::header_kinds`); what the door hands back is a list of what must not
//! (`listen::http::api::handed_back`), since there the door, not the server, would be believed. That an answer is a
//! secret is told by the nouns of its path, and by a list where they say nothing (`access::secret_paths`): it fails on
//! the safe side for a repository that is called `keys`. Bodies go in pieces, each asked for when the connection takes
//! it, so the agent holds a few at most, and a body that is cut short breaks off the request. Of a server's answer the
//! proof that was sent is taken out across the borders of its pieces, in the forms in which servers show what they got;
//! cookies are left out, since they would be proofs too.

mod account;
mod action;
mod answer;
mod body;
mod exchange;
mod granted;
mod header_kinds;
mod headers;
mod near;
mod parameters;
mod query;
mod redactor;
mod target;

pub(super) use account::{pick, pick_used, ready};
pub(super) use exchange::{Asked, carry_out, could_heal, proof};
pub(super) use granted::{granted, may_be_a_form};
pub use headers::ends_here;
pub(super) use headers::{Sender, checked, is_disguise, method, passed_on};
pub(super) use query::{checked_query, need_of};
pub(super) use redactor::Redactor;
pub(super) use target::{Target, lies_below, origin, redirected};
