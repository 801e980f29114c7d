//! `loom status`: who is logged in where, as a table or as JSON. The exit code says it too, for scripts that ask about
//! one server.

use loom_credentials::base::{Locale, Message, clock, printable};
use loom_credentials::client::exit_code;
use loom_credentials::msg;
use loom_credentials::wire::{self, AccountStatus, Checked, Code, Condition, Fault, StatusReply, reason};

use super::status_short;
use crate::args;
use crate::term::{Cell, Tone};
use crate::{Context, term};

pub fn run(args: &args::Status, context: &Context) -> Result<u8, Fault> {
    if args.short {
        return status_short::run(context);
    }
    let mut status = context.client()?.ask(&wire::Status { server: context.named.clone(), check: args.check })?;
    sort(&mut status.accounts, args.sort);
    if status.agent.locked {
        if args.json {
            term::data_line(&serde_json::to_string(&status).unwrap_or_default());
        }
        return Err(reason::Lock::AgentLocked.into());
    }
    if !args.json {
        super::agent::compare(&status.agent, context.locale);
    }
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
    for account in status.accounts.iter().filter(|account| !args.json && !account.used_at.is_empty()) {
        let at = account.used_at.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        term::say(context.locale, &msg!("used-at", server = account.server, urls = at));
    }
    for warning in status.warnings.iter().filter(|_| !args.json) {
        term::line(&printable(&warning.text));
    }
    if let Some(path) = status.tokens_gone.as_ref().filter(|_| !args.json) {
        term::say(context.locale, &msg!("note-tokens-gone", path = path));
    }
    for account in status.damaged.iter().filter(|_| !args.json) {
        term::say(context.locale, &msg!("note-damaged", server = account.server, account = account.account));
    }
    if !status.unclaimed.is_empty() && !args.json {
        term::say(context.locale, &msg!("unclaimed", keys = status.unclaimed.join(", ")));
    }
    // What a 401 put aside is not lost, and the 401 may have been the server's mistake.
    let refused = |account: &&AccountStatus| account.state == Condition::Refused && account.checked.is_none();
    if let Some(account) = status.accounts.iter().find(refused).filter(|_| !args.json) {
        term::say(context.locale, &msg!("refused-what-now", server = account.server));
    }
    if none && !args.json {
        let message = match &context.named {
            Some(server) => reason::Login::NotLoggedIn { server: server.clone(), account: None }.into(),
            None => reason::Command::NobodyLoggedIn.into(),
        };
        term::fault(context.locale, &message);
    }
    Ok(if none { exit_code(Code::LoginRequired) } else { 0 })
}

/// The table of accounts.
pub fn show(locale: Locale, status: &StatusReply) {
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
        msg!("head-scopes"),
    ];
    let mut rows = vec![heading.map(text).map(Cell::heading).to_vec()];
    let of_many = status.servers_of_many();
    rows.extend(status.accounts.iter().map(|account| row(locale, account, of_many.contains(&account.server))));
    if status.accounts.iter().all(|account| account.scopes.is_empty()) {
        rows.iter_mut().for_each(|row| row.truncate(6));
    }
    term::table(rows);
}

/// In which order they are shown; as they came if nobody says.
fn sort(accounts: &mut [AccountStatus], by: Option<args::account::Sort>) {
    match by {
        None => {}
        Some(args::account::Sort::Server) => accounts.sort_by(|a, b| a.server.cmp(&b.server)),
        Some(args::account::Sort::Account) => accounts.sort_by(|a, b| a.account.cmp(&b.account)),
        // What never ends, or renews itself, comes last.
        Some(args::account::Sort::Expires) => {
            accounts.sort_by_key(|account| (account.renewable || account.expires_at.is_none(), account.expires_at));
        }
        Some(args::account::Sort::State) => accounts.sort_by_key(|account| match (account.state, account.proven) {
            (Condition::Refused, _) => 0,
            (Condition::Expired, _) => 1,
            (Condition::Valid, false) => 2,
            (Condition::Valid, true) => 3,
        }),
    }
}

/// Days before its end from which on it is said that a credential ends.
const SOON: i64 = 14;

/// Seconds until a credential ends that a person has to replace, if it ends soon.
pub fn ends_soon(account: &AccountStatus) -> Option<i64> {
    let end = account.expires_at.filter(|_| !account.renewable)?;
    let left = end.as_unix() - clock::now().as_second();
    (0..SOON * DAY).contains(&left).then_some(left)
}

/// A day in seconds.
const DAY: i64 = 24 * 60 * 60;

/// What is known of it. That it is valid is said of what its server gave or took, and of nothing else.
fn state(account: &AccountStatus) -> (Message, Tone) {
    let is_known = account.proven || account.checked == Some(Checked::Accepted);
    match (account.checked, account.state, ends_soon(account)) {
        (Some(Checked::Refused), ..) | (None | Some(Checked::Unknown), Condition::Refused, _) => {
            (msg!("state-refused"), Tone::Bad)
        }
        (None | Some(Checked::Unknown), Condition::Expired, _) => (msg!("state-expired"), Tone::Bad),
        (_, _, Some(left)) if left >= 2 * DAY => (msg!("state-ends-in-days", days = left / DAY), Tone::Warning),
        (_, _, Some(left)) => (msg!("state-ends-in-hours", hours = (left / 3600).max(1)), Tone::Warning),
        (Some(Checked::Accepted), _, None) => (msg!("state-accepted"), Tone::Good),
        (Some(Checked::Unknown), Condition::Valid, None) if is_known => (msg!("state-unknown"), Tone::Warning),
        (None, Condition::Valid, None) if is_known => (msg!("state-valid"), Tone::Good),
        (Some(Checked::Unknown), Condition::Valid, None) => (msg!("state-unchecked-unknown"), Tone::Plain),
        (None, Condition::Valid, None) => (msg!("state-unchecked"), Tone::Plain),
    }
}

fn row(locale: Locale, account: &AccountStatus, has_others: bool) -> Vec<Cell> {
    let is_default = account.default && has_others;
    let (state, tone) = state(account);
    let state = if is_default { msg!("state-and-default", state = locale.render(&state)) } else { state };
    let name = account.account.as_deref().unwrap_or("-");
    let name = match &account.user {
        Some(user) if user != name => format!("{name} ({user})"),
        Some(_) | None => name.to_owned(),
    };
    let expires = match (account.renewable, account.expires_at) {
        (true, _) => locale.render(&msg!("renews-itself")),
        (false, Some(expiry)) => term::when(locale, expiry.as_unix()),
        (false, None) => "-".to_owned(),
    };
    vec![
        account.server.to_string().into(),
        printable(&name).into(),
        locale.render(&account.kind.message()).into(),
        locale.render(&account.stored_in.message()).into(),
        expires.into(),
        Cell::new(locale.render(&state), tone),
        printable(&account.scopes.join(" ")).into(),
    ]
}
