//! Logins at servers: real OpenID providers, and stubs for what those never do.

mod elsewhere;
mod git;
mod hostile;
mod id_token;
mod login;
mod many;
mod network;
mod quirks;
mod same_person;
mod token;
