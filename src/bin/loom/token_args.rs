//! The arguments of `loom token`, for the agent's own tokens and for those that a server issues: people look for both
//! under one word, and `--server` tells them apart.

use clap::{ArgGroup, Args, Subcommand};
use loom_credentials::base::{Scope, ServerPattern};

use super::seconds;
use super::server::At;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Token {
    #[command(subcommand)]
    pub action: Option<TokenAction>,
    #[command(flatten)]
    pub at: At,
    #[arg(long, value_name = "USER")]
    pub account: Option<String>,
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = seconds)]
    pub min_validity: u32,
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    #[arg(long, value_name = "URI")]
    pub resource: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub audience: Option<String>,
    #[arg(long, conflicts_with_all = ["scopes", "resource", "audience"])]
    pub id_token: bool,
    #[arg(long, group = "form")]
    pub header: bool,
    #[arg(long, group = "form")]
    pub bearer: bool,
    #[arg(long, group = "form")]
    pub basic: bool,
    #[arg(long, group = "form")]
    pub json: bool,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum TokenAction {
    Generate(TokenGenerate),
    List(TokenList),
    Revoke(TokenRevoke),
    Rotate(TokenRotate),
}

impl TokenAction {
    pub const NAMES: &[&str] = &["generate", "list", "revoke", "rotate"];
}

#[derive(Args)]
#[command(group = ArgGroup::new("rights").required(true).multiple(true))]
pub struct TokenGenerate {
    pub name: String,
    #[arg(long, group = "rights", value_delimiter = ',', value_name = "SCOPES", value_parser = Scope::from_name)]
    pub scopes: Vec<Scope>,
    #[arg(long, group = "rights", value_name = "ROLE", conflicts_with = "scopes")]
    pub role: Option<String>,
    #[command(flatten)]
    pub grants: GrantArgs,
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub expires: Option<u32>,
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub max_age: Option<u32>,
    #[arg(long = "for", value_name = "PATTERN", value_parser = ServerPattern::from_user)]
    pub servers_for: Vec<ServerPattern>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_uses: Option<u64>,
    #[arg(long)]
    pub reveal: bool,
    #[arg(long, conflicts_with_all = ["servers_for", "max_uses", "max_age", "reveal"])]
    pub save: bool,
    #[arg(long)]
    pub json: bool,
}

/// Grants, one by one or by the names that the settings have for them.
#[derive(Args)]
pub struct GrantArgs {
    #[arg(long, group = "rights", value_name = "GRANT")]
    pub allow: Vec<String>,
    #[arg(long = "grants", group = "rights", value_name = "NAME")]
    pub named: Vec<String>,
}

#[derive(Args)]
pub struct TokenList {
    #[arg(long)]
    pub all: bool,
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct TokenRevoke {
    #[arg(value_name = "NAME|ID")]
    pub name: String,
}

#[derive(Args)]
pub struct TokenRotate {
    #[arg(value_name = "NAME|ID")]
    pub name: String,
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = seconds)]
    pub overlap: u32,
    #[arg(long)]
    pub json: bool,
}
