//! `loom exec`: runs a command with a token of the agent's that ends with it, or with secrets of servers in variables
//! that were asked for by name.

use std::path::Path;
use std::process::Command;

use loom_credentials::base::{Scope, Secret, is_visible, plain_file, printable};
use loom_credentials::client::Client;
use loom_credentials::os::process;
use loom_credentials::wire::{self, Fault, GenerateReply, reason};

use crate::args::Exec;
use crate::args::env::{EnvLine, EnvSecret};
use crate::outside::Outside;
use crate::{Context, granted};

pub fn run(args: Exec, context: &Context) -> Result<u8, Fault> {
    if args.takes_secrets() {
        with_secrets(&args, context)
    } else if args.grants.are_named() || args.print || args.only {
        granted::run(&args, name(&args), command(&args), context)
    } else {
        with_issued_token(&args, context)
    }
}

/// The variables that a person asked for, with servers' own tokens. The command takes this process' place, signals and
/// exit code included. Without one of the secrets it does not run at all.
fn with_secrets(args: &Exec, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    let mut command = command(args);
    for line in args.env_file.as_deref().map(read_env_file).transpose()?.unwrap_or_default() {
        match line {
            EnvLine::Plain(name, value) => {
                command.env(name, value);
            }
            EnvLine::Secret(secret) => {
                command.env(&secret.name, token(&secret, args, &client, context)?.expose());
            }

            EnvLine::Empty => {}
        }
    }
    for secret in &args.env {
        command.env(&secret.name, token(secret, args, &client, context)?.expose());
    }
    let error = process::become_command(&mut command);
    Err(not_run(args, &error))
}

fn token(secret: &EnvSecret, args: &Exec, client: &Client, context: &Context) -> Result<Secret, Fault> {
    let (server, account) = match &secret.of {
        Some((server, account)) => (Some(server.clone()), account.clone()),
        None => (context.server.clone(), args.account.clone()),
    };
    Ok(client.ask(&wire::Token { server, account, ..wire::Token::default() })?.token)
}

fn read_env_file(path: &Path) -> Result<Vec<EnvLine>, Fault> {
    let trouble = |error: String| Fault::from(reason::Command::FileTrouble { path: path.to_owned(), error });
    let text = plain_file::read_text(path, plain_file::MAX_TEXT).map_err(|error| trouble(error.to_string()))?;
    let parsed = text.lines().enumerate().map(|(number, line)| {
        let wrong = |error| reason::Command::EnvLine { path: path.to_owned(), line: number + 1, error };
        EnvLine::parse(line).map_err(|error| wrong(error).into())
    });
    parsed.collect()
}

/// A token that lives as long as the command: the agent ends it when this process goes, however it does.
fn with_issued_token(args: &Exec, context: &Context) -> Result<u8, Fault> {
    let scopes = if args.scopes.is_empty() { vec![Scope::Read] } else { args.scopes.clone() };
    let question = wire::Lease {
        name: name(args),
        scopes: scopes.into_iter().collect(),
        grants: None,
        servers: context.patterns.clone(),
        reveal: args.reveal,
    };
    let (issued, lease) = match context.client()?.hold::<_, GenerateReply>(&question) {
        // Whoever has grants here hands on those, and has nothing else.
        Err(fault) if args.scopes.is_empty() && is_too_wide(&fault) => {
            let granted = granted::run(args, name(args), command(args), context);
            // Who has no such grants is told of what they asked for.
            return granted.map_err(|other| if other.about::<reason::Tokens>().is_some() { fault } else { other });
        }
        leased => leased?,
    };
    let mut command = command(args);
    // Rights only get narrower: what has another token goes no way of an outer one.
    Outside::of_process().without_outer(&mut command);
    let ended = command.env("LOOM_TOKEN", issued.token.expose()).status();
    drop(lease);
    Ok(process::exit_code(ended.map_err(|error| not_run(args, &error))?))
}

fn is_too_wide(fault: &Fault) -> bool {
    fault.about() == Some(reason::Tokens::TokenTooWide)
}

fn command(args: &Exec) -> Command {
    let mut command = Command::new(args.command.first().map(std::ffi::OsString::as_os_str).unwrap_or_default());
    command.args(args.command.iter().skip(1));
    command
}

/// What the audit log and `loom token list` call it.
fn name(args: &Exec) -> String {
    let program = args.command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
    let program: String = program.chars().take(100).collect();
    let program = printable(&program).split_whitespace().collect::<Vec<_>>().join(" ");
    let named: String = format!("exec {program}").chars().take(200).collect();
    if is_visible(&named) { named } else { "exec".to_owned() }
}

fn not_run(args: &Exec, error: &std::io::Error) -> Fault {
    let program = args.command.first().map(|program| printable(&program.to_string_lossy())).unwrap_or_default();
    reason::Command::NotRun { program, error: error.to_string() }.into()
}
