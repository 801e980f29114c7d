//! Who is logged in where.

use maud::{Markup, html};

use super::parts::{expiry, name, note, state, table, value};
use crate::base::Locale;
use crate::msg;
use crate::wire::{AccountStatus, Condition, StatusReply};

/// Where a first login begins.
const COMMAND: &str = "loom login --server https://your.server";

pub(super) fn accounts(locale: Locale, status: &StatusReply) -> Markup {
    let say = |message| locale.render(&message);
    if status.agent.locked {
        return html! { (note(&say(msg!("page-locked")))) pre dir="ltr" { code { "loom unlock" } } };
    }
    if status.accounts.is_empty() {
        return html! { (note(&say(msg!("page-no-accounts")))) pre dir="ltr" { code { (COMMAND) } } };
    }
    let headings = [
        msg!("page-server"),
        msg!("page-account"),
        msg!("page-kind"),
        msg!("page-kept-in"),
        msg!("page-expires"),
        msg!("page-state"),
    ];
    let of_many = status.servers_of_many();
    let rows = status.accounts.iter().map(|account| {
        let is_default_server = status.default_server.as_ref() == Some(&account.server);
        row(locale, account, is_default_server, account.default && of_many.contains(&account.server))
    });
    let rows: Vec<Vec<Markup>> = rows.collect();
    table(&say(msg!("page-accounts")), &headings.map(say), &rows)
}

fn row(locale: Locale, account: &AccountStatus, is_default_server: bool, is_default: bool) -> Vec<Markup> {
    let say = |message| locale.render(&message);
    let condition = match account.state {
        Condition::Valid => msg!("state-valid"),
        Condition::Expired => msg!("state-expired"),
        Condition::Refused => msg!("state-refused"),
    };
    let user = account.user.as_deref().filter(|user| account.account.as_deref() != Some(*user));
    let mark = |shown: bool| html! { @if shown { " " span.tag { (say(msg!("page-default"))) } } };
    vec![
        html! { (value(&account.server)) (mark(is_default_server)) },
        html! {
            (name(account.account.as_deref().unwrap_or("–")))
            @if let Some(user) = user { " (" (name(user)) ")" }
            (mark(is_default))
        },
        html! { (say(account.kind.message())) },
        html! { (say(account.stored_in.message())) },
        match account.expires_at {
            _ if account.renewable => html! { (say(msg!("renews-itself"))) },
            Some(at) => expiry(at),
            None => html! { "–" },
        },
        state(account.state == Condition::Valid, &say(condition)),
    ]
}
