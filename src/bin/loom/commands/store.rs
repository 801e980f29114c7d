//! `loom store`: where credentials are kept, and the passphrase. A passphrase comes from the terminal or from a pipe,
//! never from the command line, where others could read it.

use std::io::IsTerminal;

use loom_credentials::base::{Secret, printable};
use loom_credentials::msg;
use loom_credentials::os::terminal::Hush;
use loom_credentials::wire::{self, Fault, StoresReply, reason};

use crate::args::StoreAction;
use crate::{Context, secret_input, term};

pub fn run(action: &StoreAction, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    match action {
        StoreAction::Status(args) => {
            let reply = client.ask(&wire::Stores {})?;
            if args.json {
                term::data_line(&serde_json::to_string(&reply).unwrap_or_default())
            } else {
                show(&reply, context)
            }
        }
        StoreAction::Migrate { to } => {
            let reply = client.ask(&wire::Migrate { to: *to })?;
            let place = context.locale.render(&to.message());
            term::say(context.locale, &msg!("migrated", count = reply.count, place = place));
        }
        StoreAction::Rekey(args) => {
            let _hush = (args.passphrase && std::io::stdin().is_terminal()).then(Hush::begin);
            let passphrase = args.passphrase.then(|| new_passphrase(context)).transpose()?;
            client.ask(&wire::Rekey { passphrase, no_passphrase: args.no_passphrase })?;
            term::say(context.locale, &msg!("rekeyed"));
            if args.passphrase {
                term::say(context.locale, &msg!("passphrase-set"));
            }
        }
    }
    Ok(0)
}

/// Typed twice, as nobody sees what they type; a pipe says it once.
fn new_passphrase(context: &Context) -> Result<Secret, Fault> {
    let first = secret_input::read(&msg!("new-passphrase-prompt"), context)?;
    if std::io::stdin().is_terminal()
        && !secret_input::typed(&msg!("passphrase-again-prompt"), context)?.matches(&first)
    {
        return Err(reason::Command::PassphrasesDiffer.into());
    }
    Ok(first)
}

fn show(reply: &StoresReply, context: &Context) {
    let locale = context.locale;
    term::data_line(&locale.render(&msg!("new-ones-go", place = locale.render(&reply.first.message()))));
    for kept in reply.kept.iter().filter(|kept| kept.count > 0) {
        let place = locale.render(&kept.stored_in.message());
        term::data_line(&locale.render(&msg!("kept-there", place = place, count = kept.count)));
    }
    if reply.passphrase {
        term::data_line(&locale.render(&msg!("store-passphrase")));
    }
    if let Some(reason) = &reply.fallback {
        term::data_line(&printable(reason));
    }
}
