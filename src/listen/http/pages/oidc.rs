//! To an issuer and back, and out again.

use axum::Extension;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use maud::html;
use serde::Deserialize;

use super::fault::alert;
use super::local_path::local_path;
use super::page::{Page, go_to, with_cookies};
use super::sign_in::next;
use crate::base::Secret;
use crate::listen::http::asker::{Anybody, Browser};
use crate::listen::http::params::Params;
use crate::listen::http::visit::Visit;
use crate::listen::http::{cookies, problem};
use crate::msg;
use crate::wire::{Fault, SignIn, SignInFinish, SignOut};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    next: Option<String>,
}

/// Sends the browser to the issuer.
pub(super) async fn begin(
    Extension(visit): Extension<Visit>,
    browser: Browser,
    Params(wanted): Params<Wanted>,
) -> Response {
    let (Browser::SignedIn(asking) | Browser::Stranger(asking)) = browser;
    let redirect_uri = format!("{}/auth/oidc/callback", visit.base);
    match asking.ask(&SignIn { issuer: wanted.issuer, redirect_uri }).await {
        Ok(begun) => {
            let next = wanted.next.as_deref().and_then(local_path);
            let next = next.and_then(|next| cookies::set(&visit, cookies::NEXT, next));
            go_to(&begun.url, [cookies::set(&visit, cookies::BROWSER, begun.browser.expose()), next])
        }
        Err(fault) => failed(&visit, &fault),
    }
}

/// The browser came back. It goes on from a page of ours: while it is sent from place to place it is still on its way
/// from the issuer's site, and shows no cookie of a session (RFC 6265bis §5.2).
pub(super) async fn finish(
    Extension(visit): Extension<Visit>,
    Anybody(asking): Anybody,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let came = uri.path_and_query().map_or("/", |came| came.as_str());
    // Without the cookie it did not begin here, which the agent says.
    let browser = visit.cookie(&headers, cookies::BROWSER).unwrap_or_else(|| Secret::new(String::new()));
    let back = [cookies::BROWSER, cookies::NEXT].map(|cookie| cookies::remove(&visit, cookie));
    match asking.ask(&SignInFinish { url: format!("{}{came}", visit.base), browser }).await {
        Ok(begun) => {
            let next = next(&visit, &headers);
            let page = Page::new(&visit, msg!("page-signed-in"), "/").goes_on_to(&next).show(html! {
                p { a.button.primary href=(next) { (visit.locale.render(&msg!("page-go-on"))) } }
            });
            with_cookies(page, [cookies::set(&visit, cookies::SESSION, begun.session.expose())].into_iter().chain(back))
        }
        // Where to go on is kept for the next try.
        Err(fault) => with_cookies(failed(&visit, &fault), [cookies::remove(&visit, cookies::BROWSER)]),
    }
}

/// Ends the session, here and at the issuer that vouched for it.
pub(super) async fn sign_out(Extension(visit): Extension<Visit>, browser: Browser, headers: HeaderMap) -> Response {
    // Pages of other ports are of the same site, and could bring the cookie along.
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return go_to("/", []);
    }
    let mut url = None;
    if let Browser::SignedIn(asking) = browser {
        let back_to = Some(format!("{}/sign-in", visit.base));
        url = asking.ask(&SignOut { back_to }).await.ok().and_then(|ended| ended.url);
    }
    go_to(url.as_deref().unwrap_or("/sign-in"), [cookies::remove(&visit, cookies::SESSION)])
}

fn failed(visit: &Visit, fault: &Fault) -> Response {
    Page::new(visit, msg!("page-not-signed-in"), "/sign-in").status(problem::status(fault.code())).show(html! {
        (alert(visit.locale, fault))
        p { a.button href="/sign-in" { (visit.locale.render(&msg!("page-sign-in-again"))) } }
    })
}
