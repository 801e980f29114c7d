//! The commands of `loom`, as a person or a script types them.

mod api;
mod api_bodies;
mod at_login;
mod commands;
mod demo;
mod exec_env;
mod header;
mod login;
mod login_checked;
mod logout;
mod mistakes;
mod output;
mod people;
mod readme;
mod rules;
mod screen;
mod secret_input;
mod server_tokens;
mod typed;
mod why;
