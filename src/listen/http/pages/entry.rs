//! An entry of the audit log in words. What others named is made printable and escaped, whatever they put there.

use jiff::Timestamp;
use maud::{Markup, html};
use serde::Serialize;

use super::parts::{exact, headings_row, row, state, value, word};
use crate::base::{Locale, printable};
use crate::msg;
use crate::wire::{Actor, AuditEntry, OUTCOME_OK, OUTCOME_UNCHANGED};

/// An entry of the audit log in words, as a row of the page and as what is added to it later.
#[derive(Serialize)]
pub(super) struct Entry {
    time: String,
    shown: String,
    event: String,
    who: String,
    server: String,
    outcome: String,
    is_ok: bool,
}

/// How a moment is shown in the log.
const FORM: &str = "%Y-%m-%d %H:%M:%S";

impl Entry {
    pub(super) fn new(locale: Locale, entry: &AuditEntry) -> Entry {
        let server = entry.server.as_ref().map(ToString::to_string);
        let call = entry.method.iter().chain(&entry.path).cloned().reduce(|method, path| format!("{method} {path}"));
        let sent_to = entry.sent_to.as_ref().map(|second| format!("→ {second}"));
        let server: Vec<String> = server.into_iter().chain(entry.account.clone()).chain(sent_to).chain(call).collect();
        let shown = entry.time.parse::<Timestamp>();
        Entry {
            time: printable(&entry.time),
            shown: shown.map_or_else(|_| printable(&entry.time), |at| at.strftime(FORM).to_string()),
            event: printable(&entry.event),
            who: who(locale, &entry.actor, entry.door.as_deref()),
            server: if server.is_empty() { "–".to_owned() } else { printable(&server.join(" · ")) },
            outcome: printable(&match entry.more {
                Some(count) => format!("{} × {count}", entry.outcome),
                None => entry.outcome.clone(),
            }),
            is_ok: [OUTCOME_OK, OUTCOME_UNCHANGED].contains(&&*entry.outcome),
        }
    }

    fn cells(&self) -> Vec<Markup> {
        let at = self.time.parse().map_or_else(|_| html! { time dir="ltr" { (self.shown) } }, |at| exact(at, FORM));
        // Who asked is printable already, and holds words that have a direction.
        let who = html! { bdi.value { (self.who) } };
        vec![at, word(&self.event), who, value(&self.server), state(self.is_ok, &self.outcome)]
    }
}

/// The log as a table, and one empty row for what a script adds.
pub(super) fn log(locale: Locale, entries: &[Entry]) -> Markup {
    let say = |message| locale.render(&message);
    let headings = [msg!("page-time"), msg!("page-event"), msg!("page-who"), msg!("page-server"), msg!("page-outcome")];
    let headings = headings.map(say);
    let empty = |is_ok| Entry {
        time: String::new(),
        shown: String::new(),
        event: String::new(),
        who: String::new(),
        server: String::new(),
        outcome: String::new(),
        is_ok,
    };
    html! {
        table {
            caption.unseen { (say(msg!("page-log"))) }
            (headings_row(&headings))
            tbody { @for entry in entries { (row(&headings, &entry.cells())) } }
        }
        template #entry-ok { (row(&headings, &empty(true).cells())) }
        template #entry-failed { (row(&headings, &empty(false).cells())) }
    }
}

/// Who asked, in one line. What others named is made printable.
fn who(locale: Locale, actor: &Actor, door: Option<&str>) -> String {
    let said = |text: &Option<String>| text.as_deref().map(printable);
    let token = |id: &Option<String>| id.as_ref().map(|id| locale.render(&msg!("page-by-token", id = id)));
    let parts = match actor {
        Actor::Process { pid, exe, token_id, .. } => {
            vec![said(exe), Some(locale.render(&msg!("page-by-process", pid = pid))), token(token_id)]
        }
        Actor::Person { person, issuer, token_id, address, .. } => {
            vec![Some(printable(person)), said(issuer), Some(printable(address)), token(token_id)]
        }
        Actor::Token { token_id, address } => vec![token(&Some(token_id.clone())), said(address)],
        Actor::Stranger { address } => vec![Some(printable(address))],
    };
    let door = door.map(|door| locale.render(&msg!("page-at-door", id = printable(door))));
    parts.into_iter().flatten().chain(door).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_into_the_log_is_text_there() {
        let entry = AuditEntry {
            time: "2026-11-21T07:39:12.5Z".to_owned(),
            event: "auth.fail".to_owned(),
            actor: Actor::Person {
                person: "<img src=x>\u{202e}".to_owned(),
                subject: None,
                issuer: None,
                token_id: None,
                address: "192.0.2.1".to_owned(),
            },
            door: Some("<img src=y>".to_owned()),
            server: None,
            account: Some("</td><script>".to_owned()),
            method: Some("GET".to_owned()),
            path: Some("/<img src=x>\u{202e}".to_owned()),
            repository: None,
            reference: None,
            old: None,
            new: None,
            grant: None,
            outcome: "denied".to_owned(),
            more: None,
            sent_to: None,
            about: None,
            since: None,
        };
        let shown = log(Locale::En, &[Entry::new(Locale::En, &entry)]).into_string();
        assert!(!shown.contains("<img"), "{shown}");
        assert!(!shown.contains("<script"), "{shown}");
        assert!(!shown.contains('\u{202e}'), "{shown}");
        assert!(
            shown.contains("<time datetime=\"2026-11-21T07:39:12Z\" dir=\"ltr\">2026-11-21 07:39:12</time>"),
            "{shown}"
        );
    }
}
