//! Git with its helper: real git against real servers, and what git says on the helper's standard input.

mod approvals;
mod heal;
mod helper;
mod hostile;
mod https;
mod login;
mod names;
mod operations;
mod places;
mod questions;
mod second_origin;
mod setup;
mod wsl;
