//! How a token is shown, whoever issued it: the agent or a server.

use loom_credentials::base::{Message, Secret, printable};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};
use zeroize::Zeroizing;

use crate::term::Cell;
use crate::{Context, term};

/// What is said of a token; the texts may be a server's.
pub struct Shown {
    pub name: String,
    pub id: String,
    pub scopes: String,
    /// The grants, where they say what may be called.
    pub grants: Option<Vec<String>>,
    /// For which servers, where it is not for all.
    pub servers: Option<String>,
    pub expires: Option<String>,
    pub last_used: Option<String>,
    pub state: Message,
}

/// A new token, line by line; the token itself unless it is kept.
pub fn lines(shown: &Shown, token: Option<&Secret>, context: &Context) {
    let line = |label: Message, value: &str| {
        term::data_line(&Zeroizing::new(format!("{} {value}", context.locale.render(&label))));
    };
    line(msg!("field-name"), &printable(&shown.name));
    line(msg!("field-id"), &printable(&shown.id));
    token.iter().for_each(|token| line(msg!("field-token"), token.expose()));
    if shown.grants.is_none() || !shown.scopes.is_empty() {
        line(msg!("field-scopes"), &printable(&shown.scopes));
    }
    shown.grants.iter().flatten().for_each(|grant| line(msg!("field-allowed"), &printable(grant)));
    shown.servers.iter().for_each(|servers| line(msg!("field-servers"), servers));
    line(msg!("field-expires"), &or_dash(&shown.expires));
}

/// A new token is worth nothing to anybody if nobody saw it, so whoever issued it was asked to take it back.
pub fn unseen(id: &str, revoked: bool) -> Fault {
    let id = id.to_owned();
    if revoked { reason::Command::TokenUnseen { id }.into() } else { reason::Command::TokenUnseenKept { id }.into() }
}

/// Tokens in a table.
pub fn table(tokens: impl Iterator<Item = Shown>, context: &Context) {
    let text = |message| context.locale.render(&message);
    let heads = [
        msg!("head-name"),
        msg!("head-id"),
        msg!("head-scopes"),
        msg!("head-expires"),
        msg!("head-used"),
        msg!("head-state"),
    ];
    let row = |token: Shown| {
        let Shown { name, id, scopes, grants, expires, last_used, state, .. } = token;
        // Each is a sentence, so a table has one, and says how many more there are.
        let rights = match grants.as_deref() {
            Some([only]) => only.clone(),
            Some([first, rest @ ..]) => format!("{first} (+{})", rest.len()),
            Some([]) | None => scopes,
        };
        vec![printable(&name), printable(&id), printable(&rights), or_dash(&expires), or_dash(&last_used), text(state)]
    };
    let mut rows = vec![heads.map(text).map(Cell::heading).to_vec()];
    rows.extend(tokens.map(row).map(|row| row.into_iter().map(Cell::from).collect()));
    match rows.len() {
        1 => term::say(context.locale, &msg!("no-tokens")),
        _ => term::table(rows),
    }
}

fn or_dash(text: &Option<String>) -> String {
    printable(text.as_deref().unwrap_or("-"))
}
