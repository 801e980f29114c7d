//! `loom exec`: a command with a token that ends with it, or with a secret that a person asked for by name.

use std::process::Command;

use loom_credentials::base::{Scope, is_visible, printable};
use loom_credentials::os::process;
use loom_credentials::wire::{self, Fault, GenerateReply, reason};

use crate::Context;
use crate::args::Exec;

pub fn run(args: Exec, context: &Context) -> Result<u8, Fault> {
    match &args.env {
        Some(variable) => with_secret(variable, &args, context),
        None => with_issued_token(&args, context),
    }
}

/// The one variable a person asked for, with a server's own token. The command takes this process' place, signals and
/// exit code included.
fn with_secret(variable: &str, args: &Exec, context: &Context) -> Result<u8, Fault> {
    let (server, account) = (context.server.clone(), args.account.clone());
    let reply = context.client()?.ask(&wire::Token { server, account, ..wire::Token::default() })?;
    let error = process::become_command(command(args).env(variable, reply.token.expose()));
    Err(not_run(args, &error))
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
    let (issued, lease) = context.client()?.hold::<_, GenerateReply>(&question)?;
    let ended = command(args).env("LOOM_TOKEN", issued.token.expose()).status();
    drop(lease);
    Ok(process::exit_code(ended.map_err(|error| not_run(args, &error))?))
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
