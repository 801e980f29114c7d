//! The arguments of `loom api`, named as in `gh api`.

use std::path::PathBuf;

use clap::Args;
use loom_credentials::base::Scope;

#[derive(Args)]
pub struct Api {
    pub path: String,
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,
    #[arg(long, value_name = "USER")]
    pub account: Option<String>,
    #[arg(long = "scope", value_delimiter = ',', value_name = "SCOPES", value_parser = Scope::from_name)]
    pub scopes: Vec<Scope>,
    #[arg(short = 'H', long = "header", value_name = "KEY: VALUE", value_parser = header)]
    pub headers: Vec<(String, String)>,
    #[arg(short = 'f', long = "raw-field", value_name = "KEY=VALUE")]
    pub raw_fields: Vec<String>,
    #[arg(short = 'F', long = "field", value_name = "KEY=VALUE")]
    pub fields: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    #[arg(short, long)]
    pub include: bool,
    #[arg(long)]
    pub paginate: bool,
    #[arg(short = 'q', long, value_name = "PATH")]
    pub select: Option<String>,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("KEY: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
