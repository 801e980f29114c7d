use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand};

/// What `loom setup` knows besides git; `src/bin/loom/setup/tool.rs` has the table.
pub const SETUP_TOOLS: [&str; 14] = [
    "docker",
    "podman",
    "cargo",
    "kubectl",
    "terraform",
    "tofu",
    "bazel",
    "go",
    "pip",
    "uv",
    "keyring",
    "pnpm",
    "vault",
    "aws",
];

#[derive(Args)]
pub struct Setup {
    #[arg(value_name = "TOOL", value_parser = PossibleValuesParser::new(SETUP_TOOLS))]
    pub tool: Option<String>,
    #[arg(long, requires = "tool")]
    pub remove: bool,
    #[arg(long, requires = "tool", conflicts_with = "remove")]
    pub force: bool,
    #[arg(long, conflicts_with = "tool")]
    pub list: bool,
    #[arg(long, conflicts_with = "tool")]
    pub json: bool,
    #[command(subcommand)]
    pub git: Option<Git>,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Git {
    Git(SetupGit),
}

#[derive(Args)]
#[command(group = ArgGroup::new("scope"))]
pub struct SetupGit {
    #[arg(long, group = "scope")]
    pub global: bool,
    #[arg(long, group = "scope")]
    pub local: bool,
    #[arg(long, conflicts_with = "remove")]
    pub windows: bool,
    #[arg(long)]
    pub remove: bool,
}
