//! The arguments of the commands that show and end logins.

use clap::{Args, ValueEnum};

use super::server::At;

#[derive(Args)]
pub struct Logout {
    #[command(flatten)]
    pub at: At,
    #[arg(long, value_name = "USER")]
    pub account: Option<String>,
    #[arg(long, conflicts_with = "account")]
    pub all: bool,
    #[arg(long)]
    pub local: bool,
}

#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    pub at: At,
    #[arg(long, conflicts_with = "short")]
    pub check: bool,
    #[arg(long, conflicts_with_all = ["json", "sort"])]
    pub short: bool,
    #[arg(long, value_enum, value_name = "COLUMN")]
    pub sort: Option<Sort>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Sort {
    Server,
    Account,
    Expires,
    State,
}
