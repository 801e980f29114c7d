use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;

use super::fault::{fault_page, not_signed_in};
use super::page::go_to;
use crate::base::Secret;
use crate::listen::http::ask::Asking;
use crate::listen::http::asker::{Browser, by_form};
use crate::listen::http::cookies;
use crate::listen::http::form::Form;
use crate::listen::http::server::Shared;
use crate::listen::http::visit::Visit;
use crate::wire::{Fault, Verb, WhoAmI, WhoAmIReply};

/// Who sent this form of a page: no cookie acts alone.
pub(super) async fn sender(
    shared: &Arc<Shared>,
    visit: &Visit,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Asking, Fault> {
    let cookie = visit.cookie(headers, cookies::SESSION).ok_or_else(not_signed_in)?;
    let key = form.get("key").cloned().unwrap_or_else(|| Secret::new(String::new()));
    by_form(shared, visit, cookie, key).await
}

/// Does what a form of the first page asks for, and shows that page again.
pub(super) async fn act<V: Verb + Sync>(
    shared: &Arc<Shared>,
    visit: &Visit,
    headers: &HeaderMap,
    form: &Form,
    question: &V,
) -> Response {
    match async { sender(shared, visit, headers, form).await?.ask(question).await }.await {
        Ok(_) => go_to("/", []),
        Err(fault) => fault_page(visit, "/", &fault),
    }
}

/// Who looks at a page, and what they may do.
pub(super) async fn reader(browser: Browser) -> Result<(Asking, WhoAmIReply), Fault> {
    let Browser::SignedIn(asking) = browser else { return Err(not_signed_in()) };
    let who = asking.ask(&WhoAmI {}).await?;
    Ok((asking, who))
}
