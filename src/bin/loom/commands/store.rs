use loom_credentials::base::printable;
use loom_credentials::msg;
use loom_credentials::wire::{self, Fault, StoredIn, StoresReply};

use crate::args::{Place, StoreAction};
use crate::{Context, term};

pub fn run(action: &StoreAction, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    match action {
        StoreAction::Status(args) => {
            let reply = client.ask(&wire::Stores {})?;
            match args.json {
                true => term::data_line(&serde_json::to_string(&reply).unwrap_or_default()),
                false => show(&reply, context),
            }
        }
        StoreAction::Migrate { to } => {
            let to = match to {
                Place::Keyring => StoredIn::Keyring,
                Place::File => StoredIn::File,
            };
            let reply = client.ask(&wire::Migrate { to })?;
            let place = context.locale.render(&place(to));
            term::say(context.locale, &msg!("migrated", count = reply.count, place = place));
        }
        StoreAction::Rekey => {
            client.ask(&wire::Rekey {})?;
            term::say(context.locale, &msg!("rekeyed"));
        }
    }
    Ok(0)
}

fn show(reply: &StoresReply, context: &Context) {
    let locale = context.locale;
    term::data_line(&locale.render(&msg!("new-ones-go", place = locale.render(&place(reply.first)))));
    for kept in reply.kept.iter().filter(|kept| kept.count > 0) {
        let place = locale.render(&place(kept.stored_in));
        term::data_line(&locale.render(&msg!("kept-there", place = place, count = kept.count)));
    }
    if let Some(reason) = &reply.fallback {
        term::data_line(&printable(reason));
    }
}

fn place(stored_in: StoredIn) -> loom_credentials::base::Message {
    match stored_in {
        StoredIn::Keyring => msg!("in-keyring"),
        StoredIn::File => msg!("in-file"),
        StoredIn::Memory => msg!("in-memory"),
    }
}
