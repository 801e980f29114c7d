//! The agent's command line. Help texts are in the `.ftl` files, as loom's are.

use std::time::Duration;

use clap::{ArgAction, Parser};

#[derive(Parser)]
#[command(name = "loom-agent", version, disable_help_flag = true, disable_version_flag = true)]
pub struct Args {
    #[arg(long)]
    pub foreground: bool,
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub idle_exit: Option<Duration>,
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(parsed).map_err(|error| error.to_string())
}
