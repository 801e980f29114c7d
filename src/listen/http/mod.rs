//! The HTTP door: a REST API, logins of other machines, and pages for people.
//!
//! It translates and decides nothing. Who sends a request is found out by the agent (`Gate::admit`), and what is asked
//! becomes the frame of a verb, as it would have come over the socket.
//!
//! It has no rights, no rules and no secrets of its own: a new endpoint is a verb that exists, or a new verb that the
//! socket has as well. That costs a copy of each body through an in-memory stream, and buys that scopes, audit, limits
//! and locks hold for both doors by the same lines.

mod api;
mod ask;
mod asker;
mod connection;
mod cookies;
mod form;
mod json;
mod names;
mod oauth;
mod pages;
mod params;
mod policy;
mod problem;
mod server;
mod shared;
mod tls;
mod validity;
mod via;
mod visit;

pub(super) use server::HttpServer;
