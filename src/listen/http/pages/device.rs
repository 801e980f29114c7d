//! Machines elsewhere that ask for access: a person looks at who asks, and decides (RFC 8628 §3.3).

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use super::approval::{Entered, field};
use super::fault::{alert, fault_page};
use super::page::Page;
use super::parts::{expiry, form_key, item, moment, name, note, servers, value};
use super::sender::{reader, sender};
use crate::base::{Locale, Scope};
use crate::listen::http::ask::Asking;
use crate::listen::http::asker::Browser;
use crate::listen::http::form::Form;
use crate::listen::http::params::Params;
use crate::listen::http::problem;
use crate::listen::http::shared::Shared;
use crate::listen::http::visit::Visit;
use crate::msg;
use crate::wire::{Code, DeviceDecide, DeviceLook, DeviceLookReply, Fault, IssuedInfo, WhoAmI, WhoAmIReply, reason};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    user_code: Option<String>,
}

/// Who asks with this code; without one, where to type it.
pub(super) async fn look(
    Extension(visit): Extension<Visit>,
    browser: Browser,
    Params(wanted): Params<Wanted>,
) -> Response {
    let code = wanted.user_code.unwrap_or_default();
    let (asking, who) = match reader(browser).await {
        Ok(reader) => reader,
        Err(fault) => return fault_page(&visit, &here(&code), &fault),
    };
    if code.trim().is_empty() {
        return ask_code(&visit, "", None);
    }
    match asking.ask(&DeviceLook { user_code: code.clone() }).await {
        Ok(look) => decision_page(&visit, &look, &who, &Entered::proposed(&look, &who), None),
        Err(fault) if fault.code() == Code::NotFound => ask_code(&visit, &code, Some(&fault)),
        Err(fault) => fault_page(&visit, &here(&code), &fault),
    }
}

/// What the person decided.
pub(super) async fn decide(
    State(shared): State<Arc<Shared>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let code = form.text("user_code").unwrap_or_default().to_owned();
    let asking = match sender(&shared, &visit, &headers, &form).await {
        Ok(asking) => asking,
        Err(fault) => return fault_page(&visit, &here(&code), &fault),
    };
    let entered = Entered::read(&form);
    let approval = match form.text("decision") {
        Some("approve") => entered.approval().map(Some),
        Some("deny") => Ok(None),
        _ => Err(reason::Request::NotARequest.into()),
    };
    let decided = async { asking.ask(&DeviceDecide { user_code: code.clone(), approval: approval? }).await };
    match decided.await {
        Ok(decided) => decided_page(&visit, decided.granted.as_ref()),
        Err(fault) if fault.code() == Code::NotFound => ask_code(&visit, "", Some(&fault)),
        Err(fault) => again(&visit, &asking, &code, &entered, fault).await,
    }
}

/// The form once more, as it was filled in, and what was wrong with it.
async fn again(visit: &Visit, asking: &Asking, code: &str, entered: &Entered, fault: Fault) -> Response {
    let asked = async {
        let who = asking.ask(&WhoAmI {}).await?;
        Ok::<_, Fault>((asking.ask(&DeviceLook { user_code: code.to_owned() }).await?, who))
    };
    match asked.await {
        Ok((look, who)) => decision_page(visit, &look, &who, entered, Some(&fault)),
        Err(_) => fault_page(visit, &here(code), &fault),
    }
}

fn here(code: &str) -> String {
    match code.trim() {
        "" => "/device".to_owned(),
        code => format!("/device?user_code={}", byte_serialize(code.as_bytes()).collect::<String>()),
    }
}

fn ask_code(visit: &Visit, typed: &str, fault: Option<&Fault>) -> Response {
    let say = |message| visit.locale.render(&message);
    let status = fault.map_or(StatusCode::OK, |fault| problem::status(fault.code()));
    Page::new(visit, msg!("page-connect"), "/device").status(status).signed_in().show(html! {
        @if let Some(fault) = fault { (alert(visit.locale, fault)) }
        form.card method="get" action="/device" {
            div.field {
                label for="code" { (say(msg!("page-code"))) }
                input #code.code name="user_code" value=(typed) required maxlength="20" autocomplete="off"
                    autocapitalize="characters" spellcheck="false" dir="ltr" aria-describedby="code-help";
                p.help #code-help { (say(msg!("page-code-help"))) }
            }
            div.actions { button.primary { (say(msg!("page-continue"))) } }
        }
    })
}

fn decision_page(
    visit: &Visit,
    look: &DeviceLookReply,
    who: &WhoAmIReply,
    entered: &Entered,
    fault: Option<&Fault>,
) -> Response {
    let status = fault.map_or(StatusCode::OK, |fault| problem::status(fault.code()));
    let page = Page::new(visit, msg!("page-machine-asks"), here(&look.user_code)).status(status).signed_in();
    page.show(html! {
        @if let Some(fault) = fault { (alert(visit.locale, fault)) }
        (asking_machine(visit.locale, look))
        (decision_form(visit.locale, look, who, entered))
    })
}

fn asking_machine(locale: Locale, look: &DeviceLookReply) -> Markup {
    let say = |message| locale.render(&message);
    let unnamed = || html! { (say(msg!("page-unnamed"))) };
    let nothing = || html! { (say(msg!("page-wants-nothing"))) };
    html! {
        dl.about {
            (item(&say(msg!("page-calls-itself")), &look.name.as_deref().map_or_else(unnamed, name)))
            (item(&say(msg!("page-code")), &value(&look.user_code)))
            (item(&say(msg!("page-asked-from")), &value(&look.address)))
            (item(&say(msg!("page-asked-at")), &moment(look.asked_at)))
            (item(&say(msg!("page-wants")), &look.scopes.as_ref().map_or_else(nothing, value)))
        }
        div.warning {
            p { span aria-hidden="true" { "⚠ " } strong { (say(msg!("page-device-warning"))) } }
            p { (say(msg!("page-device-name-warning"))) }
        }
    }
}

fn decision_form(locale: Locale, look: &DeviceLookReply, who: &WhoAmIReply, entered: &Entered) -> Markup {
    let say = |message| locale.render(&message);
    html! {
        form.card method="post" action="/device" {
            // Enter in a field sends a form by its first button: this one does nothing.
            button type="submit" disabled hidden {}
            (form_key(who.form_key.as_ref()))
            input type="hidden" name="user_code" value=(look.user_code);
            h2 { (say(msg!("page-grant"))) }
            fieldset {
                legend { (say(msg!("page-it-may"))) }
                @for scope in Scope::EVERY.into_iter().filter(|scope| who.scopes.allows(*scope)) {
                    (choice(&field(scope), entered.scopes.iter().any(|chosen| chosen == scope), &html! {
                        (value(scope.name())) " – " (say(meaning(scope)))
                    }))
                }
                @if who.scopes.is_empty() { (note(&say(msg!("page-nothing-to-grant")))) }
            }
            div.field {
                label for="servers" { (say(msg!("page-for-servers"))) }
                input #servers name="servers" value=(entered.servers) autocomplete="off" autocapitalize="none"
                    spellcheck="false" dir="ltr" aria-describedby="servers-help";
                p.help #servers-help { (say(msg!("page-for-servers-help", example = "*.example"))) }
            }
            div.field {
                label for="days" { (say(msg!("page-for-days"))) }
                input #days.short type="number" name="days" value=(entered.days) min="1" max=[look.most_days] step="1" inputmode="numeric" dir="ltr";
            }
            @if who.reveal {
                (choice("reveal", entered.reveal, &html! { (say(msg!("page-may-reveal"))) }))
            }
            div.actions {
                button.primary name="decision" value="approve" { (say(msg!("page-approve"))) }
                button name="decision" value="deny" formnovalidate { (say(msg!("page-deny"))) }
            }
        }
    }
}

fn choice(field: &str, chosen: bool, text: &Markup) -> Markup {
    html! {
        div.choice {
            input id=(field) type="checkbox" name=(field) value="yes" checked[chosen];
            label for=(field) { (text) }
        }
    }
}

fn meaning(scope: Scope) -> crate::base::Message {
    match scope {
        Scope::All => msg!("page-scope-all"),
        Scope::Control => msg!("page-scope-control"),
        Scope::Write => msg!("page-scope-write"),
        Scope::Read => msg!("page-scope-read"),
        Scope::Audit => msg!("page-scope-audit"),
    }
}

fn decided_page(visit: &Visit, granted: Option<&IssuedInfo>) -> Response {
    let say = |message| visit.locale.render(&message);
    let (title, text) = match granted {
        Some(_) => (msg!("page-approved"), msg!("page-approved-means")),
        None => (msg!("page-denied"), msg!("page-denied-means")),
    };
    Page::new(visit, title, "/").signed_in().show(html! {
        p { (say(text)) }
        @if let Some(token) = granted {
            dl.about {
                (item(&say(msg!("page-name")), &name(&token.name)))
                (item(&say(msg!("page-id")), &value(&token.id)))
                (item(&say(msg!("page-scopes")), &value(&token.scopes)))
                (item(&say(msg!("page-servers")), &servers(visit.locale, token)))
                @if let Some(at) = token.expires_at { (item(&say(msg!("page-expires")), &expiry(at))) }
                @if token.reveal { (item(&say(msg!("page-secrets")), &html! { (say(msg!("page-reveals"))) })) }
            }
        }
        p { a href="/" { (say(msg!("page-back"))) } }
    })
}
