//! `loom`: one file per command; each asks the agent and shows the answer.

mod absolute;
mod api;
mod args;
mod commands;
mod demo;
mod elsewhere;
mod git_network;
mod git_program;
mod granted;
mod grants;
mod help;
mod helper_program;
mod near;
mod output;
mod outside;
mod pick;
mod remotes;
mod secret_input;
mod server_tokens;
mod setup;
mod term;
mod token_shown;

use std::process::ExitCode;

use args::server::Takes;
use clap::{ArgMatches, FromArgMatches};
use loom_credentials::base::{CloneUrl, Config, Locale, Paths, ServerPattern, ServerUrl};
use loom_credentials::client::{Client, exit_code};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

/// What every command needs: the language, and the server it was told.
pub struct Context {
    pub locale: Locale,
    /// All that `--server` said, for commands that take patterns.
    pub patterns: Vec<ServerPattern>,
    /// From `--server` alone, for commands that mean everything without it.
    pub named: Option<ServerUrl>,
    /// From `--server`, else `LOOM_SERVER_URL`; else the agent takes the default.
    pub server: Option<ServerUrl>,
    /// The repository whose URL named the server.
    pub repository: Option<ServerUrl>,
}

impl Context {
    pub fn client(&self) -> Result<Client, Fault> {
        Ok(Client::from_environment()?.speaking(self.locale).saying(say_what_is_awaited).noting(term::line))
    }
}

/// Why nothing comes, as far as the agent knows.
fn say_what_is_awaited(locale: Locale, waits: &[String]) {
    if waits.is_empty() {
        term::say(locale, &msg!("agent-awaited"));
    }
    for what in waits {
        // Marks of direction around the whole sentence are of no use inside ours.
        let what = what.replace(|c| matches!(c, '\u{2066}'..='\u{2069}'), "");
        term::say(locale, &msg!("agent-awaits", what = what));
    }
}

fn main() -> ExitCode {
    let locale = locale();
    let line = arguments();
    let matched = help::matched(args::command, &line, locale);
    let parsed = matched.and_then(|found| Ok((args::Loom::from_arg_matches(&found)?, is_json(&found))));
    let (args, is_json) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(locale, &error, &line),
    };
    let mut command = args.command.by_its_own_name();
    match command {
        // Ctrl+C ends the step or the command that runs, and with it this process.
        args::Command::Demo => term::outlive_interrupt(),
        // It leaves its namespaces, which takes a process of one thread.
        args::Command::Confined(_) => {}
        args::Command::Exec(ref args) if !args.takes_secrets() => term::outlive_interrupt(),
        // Nobody reads what would be said, and no terminal was changed; listening takes a thread.
        args::Command::Status(_) | args::Command::Token(args::token::Token { action: None, .. })
            if !term::is_interactive() => {}
        _ => term::end_on_interrupt(locale),
    }
    let context = context(&mut command, args.server, locale, &line);
    let account = command.account().map(str::to_owned);
    let by_name = matches!(&command, args::Command::Login(args) if !args.for_git);
    let (outcome, context) = match context {
        Ok(context) => (commands::run(command, &context), Some(context)),
        Err(fault) => (Err(fault), None),
    };
    let outcome = outcome.map_err(|fault| near::explained(fault, account.as_deref(), context.as_ref()));
    let outcome = if by_name { outcome.map_err(|fault| near::again(fault, &line)) } else { outcome };
    end(locale, outcome.and_then(|code| output::checked().map(|()| code)), is_json)
}

/// Where the command is carried out.
fn context(
    command: &mut args::Command,
    patterns: Vec<ServerPattern>,
    locale: Locale,
    line: &[std::ffi::OsString],
) -> Result<Context, Fault> {
    let takes = args::server::takes(command);
    if takes == Takes::Nothing && !patterns.is_empty() {
        return Err(reason::Command::ServerUnused.into());
    }
    if let Some((url, words)) = command.mistaken_subcommand()
        && let Some(word) = near::nearest(url.server.host(), words.iter().copied())
    {
        let what = url.server.host().to_owned();
        let meant = near::corrected(line, &what, word).unwrap_or_else(|| word.to_owned());
        return Err(Fault::from(reason::Command::UsageUnknown { what }).hint(near::did_you_mean(&meant)));
    }
    let url = command.take_url();
    let is_repository = |url: &&CloneUrl| url.server_meant() != url.server;
    let repository = url.as_ref().filter(is_repository).map(|url| url.server.clone());
    let named = match url {
        Some(url) if url.has_password => {
            return Err(reason::Command::UrlWithPassword { server: url.server_meant() }.into());
        }
        Some(url) => Some(url.server_meant()),
        None => named(&patterns, takes)?,
    };
    Ok(Context { locale, patterns, server: server(named.clone())?, named, repository })
}

/// Whoever asked for JSON gets one document in either case; what went wrong is said to the person all the same.
fn end(locale: Locale, outcome: Result<u8, Fault>, is_json: bool) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(fault) => {
            let fault = git_network::explained(fault);
            if is_json && !output::has_begun() {
                term::data_line(&fault_document(&fault, locale));
            }
            term::fault(locale, &fault);
            ExitCode::from(exit_code(fault.code()))
        }
    }
}

fn fault_document(fault: &Fault, locale: Locale) -> String {
    let (message, hint) = (fault.message(locale), fault.hint_text(locale));
    serde_json::json!({ "error": { "code": fault.code(), "message": message, "hint": hint } }).to_string()
}

/// Whether a command was told to answer in JSON, whichever it is.
fn is_json(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, below)) => is_json(below),
        None => matches.try_get_one::<bool>("json").ok().flatten().copied().unwrap_or(false),
    }
}

/// `loom help login` means `loom login --help`.
fn arguments() -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

fn usage(locale: Locale, error: &clap::Error, line: &[std::ffi::OsString]) -> ExitCode {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    match error.kind() {
        DisplayHelp | DisplayVersion => {
            term::data(&error.render().to_string());
            end(locale, output::checked().map(|()| 0), false)
        }
        DisplayHelpOnMissingArgumentOrSubcommand => {
            term::line(error.render().to_string().trim_end());
            ExitCode::from(2)
        }
        _ => {
            let fault = Fault::from(reason::Below::CommandLine(help::usage_error(error)));
            let meant = near::meant(error, line);
            term::fault(locale, &meant.into_iter().fold(fault, Fault::hint));
            ExitCode::from(2)
        }
    }
}

/// `LOOM_LANGUAGE`, else the config's language, else the system's. A broken config is reported by the command that
/// needs it.
fn locale() -> Locale {
    let configured = || Config::load(&Paths::from_environment().ok()?.config_file()).ok()?.language();
    Locale::named().or_else(configured).unwrap_or_else(Locale::from_environment)
}

/// The one server that a command means; many and patterns are for those that take them.
fn named(patterns: &[ServerPattern], takes: Takes) -> Result<Option<ServerUrl>, Fault> {
    match patterns {
        [] => Ok(None),
        [one] if one.server().is_some() => Ok(one.server().cloned()),
        _ if takes == Takes::Patterns => Ok(None),
        _ => Err(reason::Command::OneServer.into()),
    }
}

fn server(named: Option<ServerUrl>) -> Result<Option<ServerUrl>, Fault> {
    let variable = || std::env::var("LOOM_SERVER_URL").ok().filter(|text| !text.is_empty());
    match named.map(Ok).or_else(|| variable().map(|text| ServerUrl::from_user(&text))) {
        Some(Err(error)) => {
            let server = "LOOM_SERVER_URL".to_owned();
            Err(reason::Command::BadServer { server, reason: Some(error.message()) }.into())
        }
        Some(Ok(server)) => Ok(Some(server)),
        None => Ok(None),
    }
}
