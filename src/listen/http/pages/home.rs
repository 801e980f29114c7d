//! The first page after signing in: accounts, machines, tokens and the log, as far as this person may see them. A part
//! that cannot be had says why in its place, and the rest is shown.

use axum::Extension;
use axum::response::Response;
use maud::{Markup, html};

use super::accounts::accounts;
use super::entry::{Entry, log};
use super::fault::{fault_page, text};
use super::page::Page;
use super::parts::{item, name, note, value};
use super::sender::reader;
use super::sessions::sessions;
use super::tokens::{devices, tokens};
use crate::base::{Locale, Scope};
use crate::listen::http::ask::Asking;
use crate::listen::http::asker::Browser;
use crate::listen::http::visit::Visit;
use crate::msg;
use crate::wire::{Audit, AuditEntry, Code, Devices, Fault, Sessions, Status, Tokens, WhoAmIReply};

/// How many entries of the audit log are shown.
pub(super) const SHOWN: usize = 50;

/// The first page: accounts, machines, tokens and the log, as far as whoever looks may see them.
pub(super) async fn home(Extension(visit): Extension<Visit>, browser: Browser) -> Response {
    match content(visit.locale, browser).await {
        Ok(content) => Page::new(&visit, msg!("page-overview"), "/").signed_in().with_script().show(content),
        Err(fault) => fault_page(&visit, "/", &fault),
    }
}

async fn content(locale: Locale, browser: Browser) -> Result<Markup, Fault> {
    let (asking, who) = reader(browser).await?;
    let say = |message| locale.render(&message);
    let key = who.form_key.as_ref();
    let closed = |scope: Scope| note(&say(msg!("page-needs-scope", scope = scope.name())));
    let needs = |scope: Scope| (!who.scopes.allows(scope)).then(|| closed(scope));
    let accounts = match needs(Scope::Read) {
        Some(closed) => closed,
        None => part(locale, asking.ask(&Status::default()).await, |status| accounts(locale, &status))?,
    };
    let tokens = match who.scopes.allows(Scope::All) {
        false if !who.scopes.allows(Scope::Read) => closed(Scope::Read),
        false => part(locale, asking.ask(&Devices {}).await, |reply| devices(locale, &reply.tokens, key))?,
        true => part(locale, asking.ask(&Tokens::default()).await, |reply| tokens(locale, &reply.tokens, key))?,
    };
    let sessions = match needs(Scope::All) {
        Some(closed) => closed,
        None => part(locale, asking.ask(&Sessions {}).await, |reply| sessions(locale, &reply.sessions, key))?,
    };
    let log = match needs(Scope::Audit) {
        Some(closed) => closed,
        None => part(locale, entries(&asking).await, |entries| audit(locale, &entries))?,
    };
    Ok(html! {
        (about(locale, &who))
        section aria-labelledby="accounts" { h2 #accounts { (say(msg!("page-accounts"))) } (accounts) }
        section aria-labelledby="tokens" { h2 #tokens { (say(msg!("page-tokens"))) } (tokens) }
        section aria-labelledby="sessions" { h2 #sessions { (say(msg!("page-sessions"))) } (sessions) }
        section aria-labelledby="log" { h2 #log { (say(msg!("page-log"))) } (log) }
    })
}

/// What cannot be had is said where it would stand; the rest of the page is shown. Only without a session there is
/// none.
fn part<T>(locale: Locale, asked: Result<T, Fault>, show: impl FnOnce(T) -> Markup) -> Result<Markup, Fault> {
    match asked {
        Ok(found) => Ok(show(found)),
        Err(fault) if fault.code() == Code::Unauthenticated => Err(fault),
        Err(fault) => Ok(note(&text(locale, &fault))),
    }
}

fn about(locale: Locale, who: &WhoAmIReply) -> Markup {
    let say = |message| locale.render(&message);
    let person = who.person.as_ref();
    html! {
        dl.about {
            @if let Some(person) = person { (item(&say(msg!("page-signed-in-as")), &name(&person.name))) }
            @if let Some(issuer) = person.and_then(|person| person.issuer.as_ref()) {
                (item(&say(msg!("page-issuer")), &value(issuer)))
            }
            @if let Some(id) = &who.token_id { (item(&say(msg!("page-token")), &value(id))) }
            (item(&say(msg!("page-scopes")), &value(if who.scopes.is_empty() { "–".to_owned() } else { who.scopes.to_string() })))
        }
    }
}

async fn entries(asking: &Asking) -> Result<Vec<AuditEntry>, Fault> {
    let mut entries = asking.collect(&Audit { event: None, last: SHOWN, follow: false }).await?;
    entries.reverse();
    Ok(entries)
}

/// The log, and what a script needs to go on with it.
fn audit(locale: Locale, entries: &[AuditEntry]) -> Markup {
    let say = |message| locale.render(&message);
    let shown: Vec<Entry> = entries.iter().map(|entry| Entry::new(locale, entry)).collect();
    let since = entries.first().map(|entry| &*entry.time);
    html! {
        div #live data-since=[since] {
            p.help data-when="still" { (say(msg!("page-log-still"))) }
            p.help data-when="live" role="status" hidden { (say(msg!("page-log-live"))) }
            (log(locale, &shown))
        }
    }
}
