//! The arguments of the commands that change what a person has set: which account is meant, rules, settings.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::Json;

#[derive(Args)]
pub struct Switch {
    /// A server, an account, or both; which of them one word is depends on what is kept.
    #[arg(value_name = "SERVER")]
    pub server_or_account: Option<String>,
    #[arg(value_name = "ACCOUNT")]
    pub account: Option<String>,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum RuleAction {
    Add(RuleAdd),
    List(Json),
    Remove {
        #[arg(value_name = "N")]
        place: usize,
    },
}

#[derive(Args)]
#[command(group = ArgGroup::new("subject").required(true).multiple(true))]
pub struct RuleAdd {
    #[arg(long = "match", value_name = "URL", group = "subject")]
    pub pattern: Option<String>,
    #[arg(long, value_name = "DIR", group = "subject")]
    pub directory: Option<PathBuf>,
    #[arg(long, value_name = "USER")]
    pub user: String,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum ConfigAction {
    Get { key: String },
    Set { key: String, value: String },
    Unset { key: String },
    List(Json),
    Edit,
    Path,
    SetDefaultServer { url: String },
}
