//! Who is signed in here.

use maud::{Markup, html};

use super::parts::{form_key, name, table, value};
use crate::base::{Locale, Secret};
use crate::msg;
use crate::wire::SessionInfo;

pub(super) fn sessions(locale: Locale, sessions: &[SessionInfo], key: Option<&Secret>) -> Markup {
    let say = |message| locale.render(&message);
    let headings = [
        msg!("page-name"),
        msg!("page-issuer"),
        msg!("page-address"),
        msg!("page-scopes"),
        msg!("page-time-left"),
        msg!("page-end"),
    ];
    let rows: Vec<Vec<Markup>> = sessions.iter().map(|session| row(locale, session, key)).collect();
    table(&say(msg!("page-sessions")), &headings.map(say), &rows)
}

fn row(locale: Locale, session: &SessionInfo, key: Option<&Secret>) -> Vec<Markup> {
    let say = |message| locale.render(&message);
    vec![
        name(&session.person.name),
        session.person.issuer.as_ref().map_or_else(|| html! { (say(msg!("page-a-token"))) }, value),
        value(&session.address),
        value(&session.scopes),
        html! { (say(msg!("page-minutes", count = session.expires_in.div_ceil(60)))) },
        html! {
            form method="post" action=(format!("/sessions/{}/end", session.id)) {
                (form_key(key))
                button { (say(msg!("page-sign-out"))) span.unseen { " " (name(&session.person.name)) } }
            }
        },
    ]
}
