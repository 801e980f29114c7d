//! `loom logout`: has a server end a login and forgets it. Which one is never guessed: of several accounts a person
//! picks one, and a script names it.

use loom_credentials::base::{ServerUrl, printable};
use loom_credentials::msg;
use loom_credentials::wire::{self, AccountStatus, Fault, Revocation, reason};

use super::switch::label;
use crate::args::Logout;
use crate::{Context, pick, term};

pub fn run(args: Logout, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    // With a server `--all` means its accounts, which is what no account means to the agent.
    let everywhere = args.all && context.named.is_none();
    let account = match args.account {
        None if !args.all => which(&client.ask(&wire::Status { server: None, check: false })?, context)?,
        account => account,
    };
    let server = if everywhere { None } else { context.server.clone() };
    let question = wire::Logout { server, account, all: everywhere, local: args.local };
    for done in client.ask(&question)?.accounts {
        let (server, account) = (&done.server, &done.account);
        let message = match done.revocation {
            Revocation::Revoked => msg!("logged-out-revoked", server = server, account = account),
            Revocation::AlreadyInvalid => msg!("logged-out-already-invalid", server = server, account = account),
            Revocation::NotSupported => msg!("logged-out-not-supported", server = server, account = account),
            Revocation::Pending => msg!("logged-out-pending", server = server, account = account),
            Revocation::NotAsked => msg!("logged-out-local", server = server, account = account),
        };
        term::say(context.locale, &message);
    }
    Ok(0)
}

/// The account of the server that is meant where none is named: the only one, or the one that a person picks.
fn which(status: &wire::StatusReply, context: &Context) -> Result<Option<String>, Fault> {
    let Some(server) = context.server.as_ref().or(status.default_server.as_ref()) else { return Ok(None) };
    let here: Vec<&AccountStatus> = status.accounts.iter().filter(|known| known.server == *server).collect();
    if here.len() < 2 {
        return Ok(None);
    }
    if !pick::is_possible() {
        return Err(several(server, &here));
    }
    let labels: Vec<String> = here.iter().map(|known| label(known)).collect();
    let place = pick::one(&msg!("logout-which", server = server), &labels, context)?;
    Ok(here.get(place).and_then(|known| known.account.clone()))
}

fn several(server: &ServerUrl, here: &[&AccountStatus]) -> Fault {
    let known: Vec<&str> = here.iter().filter_map(|known| known.account.as_deref()).collect();
    let known = printable(&known.join(", "));
    reason::Command::LogoutWhich { server: server.clone(), known }.into()
}
