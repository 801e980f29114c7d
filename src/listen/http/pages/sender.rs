use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{MethodRouter, post};

use super::fault::{fault_page, not_signed_in};
use super::page::go_to;
use crate::base::Secret;
use crate::listen::http::ask::Asking;
use crate::listen::http::asker::{Browser, by_form};
use crate::listen::http::cookies;
use crate::listen::http::form::Form;
use crate::listen::http::params::Named;
use crate::listen::http::shared::Shared;
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

/// Asks what the form of a row on the first page asks of the one with its id, and shows that page again.
pub(super) fn of_row<V: Verb + Send + Sync + 'static>(question: fn(String) -> V) -> MethodRouter<Arc<Shared>> {
    post(
        move |State(shared): State<Arc<Shared>>,
              Extension(visit): Extension<Visit>,
              Named(id): Named,
              headers: HeaderMap,
              form: Form| async move {
            match async { sender(&shared, &visit, &headers, &form).await?.ask(&question(id)).await }.await {
                Ok(_) => go_to("/", []),
                Err(fault) => fault_page(&visit, "/", &fault),
            }
        },
    )
}

/// Who looks at a page, and what they may do.
pub(super) async fn reader(browser: Browser) -> Result<(Asking, WhoAmIReply), Fault> {
    let Browser::SignedIn(asking) = browser else { return Err(not_signed_in()) };
    let who = asking.ask(&WhoAmI {}).await?;
    Ok((asking, who))
}
