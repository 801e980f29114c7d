//! What a fault is on a page.

use axum::Extension;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};

use super::local_path::local_path;
use super::page::{Page, go_to};
use crate::base::Locale;
use crate::listen::http::problem::Problem;
use crate::listen::http::visit::Visit;
use crate::listen::http::{cookies, problem};
use crate::msg;
use crate::wire::reason::{self, Login, Rights, Tokens};
use crate::wire::{Code, Fault, Reason};

/// A page that says so. Whoever is not signed in (any more) does that first, and comes back to where they were.
pub(super) fn fault_page(visit: &Visit, here: &str, fault: &Fault) -> Response {
    if fault.code() == Code::Unauthenticated {
        let next = local_path(here).filter(|here| *here != "/");
        return go_to("/sign-in", [next.and_then(|next| cookies::set(visit, cookies::NEXT, next))]);
    }
    let say = |message| visit.locale.render(&message);
    Page::new(visit, msg!("page-fault"), here).status(problem::status(fault.code())).signed_in().show(html! {
        (alert(visit.locale, fault))
        p { a href="/" { (say(msg!("page-back"))) } }
    })
}

/// What is shown where there is no page. Programs, which do not ask for one, are told in their own words.
pub(in crate::listen::http) async fn not_found(
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let accepted = headers.get(ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or_default();
    if !accepted.contains("text/html") {
        return problem::not_found(&uri);
    }
    let say = |message| visit.locale.render(&message);
    Page::new(&visit, msg!("page-not-found"), "/").status(StatusCode::NOT_FOUND).show(html! {
        p { a href="/" { (say(msg!("page-back"))) } }
    })
}

/// What is shown where the address says nothing that could be meant.
pub(in crate::listen::http) fn not_understood(visit: &Visit, _: Problem) -> Response {
    fault_page(visit, "/", &reason::Request::NotARequest.into())
}

/// The fault of a page that needs somebody to be signed in.
pub(super) fn not_signed_in() -> Fault {
    Rights::Unauthenticated.into()
}

/// The fault and what to do about it, as a part of a page.
pub(super) fn alert(locale: Locale, fault: &Fault) -> Markup {
    let hint = fault.hint_text(locale).filter(|_| own_text(locale, fault).is_none());
    html! {
        div.alert role="alert" {
            p { span aria-hidden="true" { "✗ " } (text(locale, fault)) }
            @if let Some(hint) = hint { p { (hint) } }
        }
    }
}

/// The fault in one sentence.
pub(super) fn text(locale: Locale, fault: &Fault) -> String {
    own_text(locale, fault).unwrap_or_else(|| fault.message(locale))
}

/// What a program would be told of tokens and options is said otherwise to a person.
fn own_text(locale: Locale, fault: &Fault) -> Option<String> {
    let message = match fault.reason() {
        Reason::Rights(Rights::ScopeMissing { scope }) => msg!("page-needs-scope", scope = scope.name()),
        Reason::Rights(Rights::SomeServers) => msg!("page-some-servers"),
        Reason::Rights(Rights::RevealMissing) | Reason::Tokens(Tokens::TokenTooWide) => msg!("page-too-wide"),
        Reason::Rights(Rights::TokenUnknown | Rights::ProofUnknown) | Reason::Login(Login::BadToken) => {
            msg!("page-token-unknown")
        }
        Reason::Tokens(Tokens::ScopesOrRole) => msg!("page-no-scope"),
        Reason::Tokens(Tokens::BadExpiry) => msg!("page-bad-days"),
        _ => return None,
    };
    Some(locale.render(&message))
}
