//! The commands of `loom`, as a person or a script types them.

mod api;
mod api_bodies;
mod at_login;
mod commands;
mod demo;
mod header;
mod login;
mod logout;
mod output;
mod secret_input;
mod server_tokens;
mod typed;
mod why;
