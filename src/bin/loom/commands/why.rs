use loom_credentials::base::{Config, ServerUrl, printable};
use loom_credentials::client::exit_code;
use loom_credentials::msg;
use loom_credentials::wire::{self, Code, Fault};

use crate::args::Why;
use crate::{Context, term};

pub fn run(args: Why, context: &Context) -> Result<u8, Fault> {
    let server = with_path(&args)?;
    let client = context.client()?;
    let directory = std::env::current_dir().ok().and_then(|dir| dir.into_os_string().into_string().ok());
    let answer = client.ask(&wire::Why { server: server.clone(), user: args.account, directory })?;
    let found = answer.chosen.is_some();
    if args.json {
        term::data_line(&serde_json::to_string(&answer).unwrap_or_default());
    } else {
        match &answer.chosen {
            Some(chosen) => term::data_line(&format!("{}  {}", chosen.server, printable(&chosen.account))),
            None => term::data_line("-"),
        }
        term::data_line(&answer.because);
        for other in &answer.passed_over {
            term::data_line(&format!("  {}  {}: {}", other.server, printable(&other.account), other.because));
        }
        if server.path().is_empty() && asks_for_path(context, &server) {
            term::say(context.locale, &msg!("why-needs-path", server = server));
        }
    }
    Ok(if found { 0 } else { exit_code(Code::LoginRequired) })
}

fn with_path(args: &Why) -> Result<ServerUrl, Fault> {
    let Some(path) = &args.path else { return Ok(args.url.clone()) };
    let url = format!("{}/{}", args.url, path.trim_start_matches('/'));
    ServerUrl::parse(&url)
        .map_err(|error| Fault::new(Code::Usage, msg!("bad-server", server = url).because(error.message())))
}

/// Whether a rule for this server depends on a path, which git names only when it is told to.
fn asks_for_path(context: &Context, server: &ServerUrl) -> bool {
    let config = context.client().ok().and_then(|client| Config::load(&client.paths().config_file()).ok());
    let rules = config.as_ref().map(Config::rules).unwrap_or_default();
    rules.iter().filter_map(|rule| rule.needs_path()).any(|url| url.same_origin(server))
}
