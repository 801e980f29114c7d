//! `loom exec --allow`: a command whose git, `gh` and HTTP calls go through the agent, by grants and nothing else. The
//! command gets a token that ends with it and the address of a relay, and no secret of any server. The relay only hands
//! bytes to the agent, which judges them: no rule is here.

mod environment;
mod git_settings;
mod led;
mod only;
mod private_dir;
mod relay;
mod services;

use std::collections::BTreeSet;
use std::process::Command;

use loom_credentials::base::{Grants, Secret, ServerUrl, printable};
use loom_credentials::msg;
use loom_credentials::os::{confinement, process};
use loom_credentials::wire::{self, Fault, GenerateReply, reason};

use crate::args::Exec;
use crate::outside::Outside;
use crate::remotes::{self, Remote};
use crate::{Context, grants, term};
use environment::{Changes, Ends};
pub use only::run as confined;
use private_dir::PrivateDir;
use relay::Relay;

/// Runs the command, or shows with what it would be run. Where no grants are named, those that whoever asks has here
/// are handed on.
pub fn run(args: &Exec, name: String, command: Command, context: &Context) -> Result<u8, Fault> {
    let asked = grants::asked(&args.grants)?;
    if args.print {
        let Some(grants) = asked else {
            return Err(reason::Command::UsageMissing { what: "--allow".to_owned() }.into());
        };
        let ends = Ends::placeholders(no_ssh(context));
        let led = git_settings::led(&grants, &ends, &users(&grants, context), &remotes_of(&grants)?);
        environment::changes(&grants, &ends, &led, &Outside::of_process()).print();
        return Ok(0);
    }
    if args.only && !confinement::IS_THERE {
        return Err(reason::Command::OnlyUnavailable.into());
    }
    let question = wire::Lease {
        name,
        scopes: args.scopes.iter().copied().collect(),
        grants: asked.as_ref().map(|grants| grants.iter().map(ToString::to_string).collect()),
        servers: context.patterns.clone(),
        reveal: args.reveal,
    };
    let (issued, lease) = context.client()?.hold::<_, GenerateReply>(&question)?;
    // As the agent has them: with the token's own id in them.
    let grants = issued.about.grants.clone().ok_or(reason::Command::AgentTooOld)?;
    for grant in grants.iter() {
        term::say(context.locale, &msg!("exec-allowed", grant = grant));
    }
    let remotes = remotes_of(&grants)?;
    let dir = PrivateDir::make(args.only).map_err(relay_failed)?;
    let relay = Relay::start(&issued.token, dir.socket())?;
    if relay.socket().is_none() && environment::needs_socket(&grants) {
        return Err(reason::Command::NoSocket.into());
    }
    let command = match relay.socket() {
        _ if !args.only => command,
        Some(socket) => only::confined(&command, socket, context)?,
        None => return Err(reason::Command::OnlyUnavailable.into()),
    };
    let ends = Ends {
        port: if args.only { only::PORT } else { relay.port() }.to_string(),
        socket: dir.socket(),
        gh: dir.path().join("gh"),
        token: issued.token.clone(),
        no_ssh: no_ssh(context),
    };
    let led = git_settings::led(&grants, &ends, &users(&grants, context), &remotes);
    let changes = environment::changes(&grants, &ends, &led, &Outside::of_process());
    led::check(&led, |git| changes.apply(git))?;
    changes.write_files().map_err(|error| not_run("gh", &error))?;
    let ended = start(command, &changes);
    // With the connection ends the token, and with the relay all that was under way.
    drop(lease);
    ended
}

fn start(mut command: Command, changes: &Changes) -> Result<u8, Fault> {
    changes.apply(&mut command);
    let program = command.get_program().to_string_lossy().into_owned();
    Ok(process::exit_code(command.status().map_err(|error| not_run(&program, &error))?))
}

/// The remotes of this directory at granted servers. Nobody leads git away from a password that stands in one.
fn remotes_of(grants: &Grants) -> Result<Vec<Remote>, Fault> {
    let origins: BTreeSet<ServerUrl> =
        grants.iter().filter_map(|grant| Some(grant.repository()?.url().origin())).collect();
    if origins.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = remotes::all();
    all.retain(|remote| origins.contains(&remote.repository.url().origin()));
    match all.iter().find(|remote| remote.has_password()) {
        Some(open) => Err(reason::Command::RemoteWithPassword { repository: open.repository.to_string() }.into()),
        None => Ok(all),
    }
}

fn no_ssh(context: &Context) -> String {
    context.locale.render(&msg!("exec-no-ssh"))
}

fn relay_failed(error: std::io::Error) -> Fault {
    reason::Command::RelayFailed { error: error.to_string() }.into()
}

/// Under which user names the granted servers are known here: git takes a URL with one for another URL. Who may not
/// know does without.
fn users(grants: &Grants, context: &Context) -> BTreeSet<(ServerUrl, String)> {
    let Ok(client) = context.client() else { return BTreeSet::new() };
    let Ok(status) = client.ask(&wire::Status::default()) else { return BTreeSet::new() };
    let here = remotes::user_of_origin();
    let kept = status.accounts.into_iter().filter_map(|account| Some((account.server.origin(), account.account?)));
    kept.chain(here).filter(|(server, _)| grants.name_server(server)).collect()
}

fn not_run(program: &str, error: &std::io::Error) -> Fault {
    reason::Command::NotRun { program: printable(program), error: error.to_string() }.into()
}

/// A secret that stands for none, where it is only shown what would be set.
fn no_secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
