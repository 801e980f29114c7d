use loom_credentials::base::{Kind, Locale, Message, printable};
use loom_credentials::client::exit_code;
use loom_credentials::msg;
use loom_credentials::wire::{self, AccountStatus, Code, Condition, Fault, StatusReply, StoredIn};

use crate::args::Json;
use crate::{Context, term};

pub fn run(args: &Json, context: &Context) -> Result<u8, Fault> {
    let status = context.client()?.ask(&wire::Status { server: context.named.clone() })?;
    let none = status.accounts.is_empty();
    if args.json {
        // Our own types serialise without fail.
        term::data_line(&serde_json::to_string(&status).unwrap_or_default());
    } else {
        show(context.locale, &status);
    }
    if let Some(server) = status.default_server.as_ref().filter(|_| !args.json && context.named.is_none()) {
        term::say(context.locale, &msg!("became-default", server = server));
    }
    if let Some(note) = status.note.filter(|_| !args.json) {
        term::line(&note);
    }
    if !status.unclaimed.is_empty() && !args.json {
        term::say(context.locale, &msg!("unclaimed", keys = status.unclaimed.join(", ")));
    }
    if none && !args.json {
        let message = match &context.named {
            Some(server) => Fault::new(Code::LoginRequired, msg!("not-logged-in", server = server))
                .hint(msg!("hint-login", server = server)),
            None => Fault::new(Code::LoginRequired, msg!("nobody-logged-in")).hint(msg!("hint-first-login")),
        };
        term::fault(context.locale, &message);
    }
    Ok(if none { exit_code(Code::LoginRequired) } else { 0 })
}

fn show(locale: Locale, status: &StatusReply) {
    if status.accounts.is_empty() {
        return;
    }
    let text = |message: Message| locale.render(&message);
    let heading = [
        msg!("head-server"),
        msg!("head-account"),
        msg!("head-kind"),
        msg!("head-stored-in"),
        msg!("head-expires"),
        msg!("head-state"),
    ];
    let mut rows = vec![heading.map(text).to_vec()];
    rows.extend(status.accounts.iter().map(|account| row(locale, account, status)));
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0)).collect();
    for row in rows {
        let padded =
            row.iter().zip(&widths).map(|(cell, width_of)| format!("{cell}{}", " ".repeat(width_of - width(cell))));
        term::data_line(padded.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn row(locale: Locale, account: &AccountStatus, status: &StatusReply) -> Vec<String> {
    let is_default =
        account.default && status.accounts.iter().filter(|other| other.server == account.server).count() > 1;
    let kind = match account.kind {
        Kind::Basic => msg!("kind-basic"),
        Kind::Token => msg!("kind-token"),
        Kind::OAuth => msg!("kind-oauth"),
    };
    let stored_in = match account.stored_in {
        StoredIn::Keyring => msg!("in-keyring"),
        StoredIn::File => msg!("in-file"),
        StoredIn::Memory => msg!("in-memory"),
    };
    let state = match account.state {
        Condition::Valid if is_default => msg!("state-default"),
        Condition::Valid => msg!("state-valid"),
        Condition::Expired => msg!("state-expired"),
        Condition::Refused => msg!("state-refused"),
    };
    vec![
        account.server.to_string(),
        printable(account.account.as_deref().unwrap_or("-")),
        locale.render(&kind),
        locale.render(&stored_in),
        account.expires_at.map_or("-".to_owned(), |expiry| expiry.to_string()),
        locale.render(&state),
    ]
}

/// Columns on a screen, near enough: marks of direction take none.
fn width(text: &str) -> usize {
    text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).count()
}
