//! The arguments of `loom login`. What says how to log in cannot stand beside `--with-token`, which brings a token
//! along and asks no server for one.
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::server::At;

#[derive(Args)]
pub struct Login {
    #[command(flatten)]
    pub at: At,
    #[arg(long, value_name = "USER")]
    pub account: Option<String>,
    #[arg(long, value_enum, default_value = "auto", conflicts_with = "with_token")]
    pub flow: Flow,
    #[arg(long = "scope", value_name = "SCOPE", conflicts_with = "with_token")]
    pub scopes: Vec<String>,
    #[arg(long, value_name = "ID", conflicts_with = "with_token")]
    pub client_id: Option<String>,
    #[arg(long, value_name = "FILE", conflicts_with = "with_token")]
    pub client_secret_file: Option<PathBuf>,
    #[arg(long, value_name = "URL", conflicts_with = "with_token")]
    pub issuer: Option<String>,
    #[arg(long, value_name = "URI", conflicts_with = "with_token")]
    pub resource: Option<String>,
    #[arg(long, conflicts_with = "with_token")]
    pub no_browser: bool,
    #[arg(long)]
    pub with_token: bool,
    #[arg(long, requires = "with_token")]
    pub no_check: bool,
    /// Said by the git helper, never by a person.
    #[arg(long, hide = true)]
    pub for_git: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Flow {
    Auto,
    Device,
    Browser,
    Paste,
    ClientCredentials,
    Loom,
}
