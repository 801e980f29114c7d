//! The arguments of `loom exec`: secrets in variables, a token by scopes, or one by grants.

use std::path::PathBuf;

use clap::Args;
use loom_credentials::base::Scope;

use super::env::{EnvSecret, env_secret};
use super::token::GrantArgs;

#[derive(Args)]
pub struct Exec {
    #[arg(long, value_name = "USER", conflicts_with_all = ["scopes", "reveal", "allow", "named", "print", "only"])]
    pub account: Option<String>,
    #[arg(long, value_name = "NAME[=SERVER]", value_parser = env_secret, conflicts_with_all = ["scopes", "reveal", "allow", "named", "print", "only"])]
    pub env: Vec<EnvSecret>,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scopes", "reveal", "allow", "named", "print", "only"])]
    pub env_file: Option<PathBuf>,
    #[arg(long, value_delimiter = ',', value_name = "SCOPES", value_parser = Scope::from_name)]
    pub scopes: Vec<Scope>,
    #[arg(long)]
    pub reveal: bool,
    #[command(flatten)]
    pub grants: GrantArgs,
    #[arg(long)]
    pub print: bool,
    #[arg(long)]
    pub only: bool,
    #[arg(
        value_name = "COMMAND",
        required_unless_present = "print",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub command: Vec<std::ffi::OsString>,
}

impl Exec {
    /// Whether the command gets secrets of servers, and no token of the agent's.
    pub fn takes_secrets(&self) -> bool {
        !self.env.is_empty() || self.env_file.is_some()
    }
}

/// The processes behind `loom exec --only`, which nobody types.
#[derive(Args)]
pub struct Confined {
    #[arg(long)]
    pub inner: bool,
    #[arg(long)]
    pub socket: PathBuf,
    #[arg(long)]
    pub hide: Vec<PathBuf>,
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<std::ffi::OsString>,
}
