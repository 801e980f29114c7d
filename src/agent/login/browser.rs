//! The way by browser.
//!
//! `oauth::code` makes the URL (PKCE S256, `state`, `nonce`), `oauth::loopback` opens a port and waits for the one
//! visitor who is right. The code is redeemed, and the page that the browser then shows says how it ended. Without a
//! port it goes on by pasting. As on every way, closing the connection cancels, which is how Ctrl+C does.

use std::io::ErrorKind;
use std::time::Duration;

use super::page;
use super::paste;
use super::plan::Plan;
use crate::agent::call::caller::Caller;
use crate::agent::upstream::oauth_fault;
use crate::base::{Credential, TermsKind};
use crate::oauth::OAuthError;
use crate::oauth::code::Authorization;
use crate::oauth::loopback::Loopback;
use crate::wire::{Fault, LoginEvent, reason};

/// How long a person may take at the server's page.
pub(super) const DECIDED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Sends a browser to the server and waits at a port of this machine until it comes back.
pub(super) async fn run(plan: &mut Plan<'_>, can_paste: bool, caller: &mut Caller<'_>) -> Result<Credential, Fault> {
    let opened = match plan.chosen.port.take() {
        Some(port) => Ok(port),
        None => Loopback::open(&plan.chosen.redirect_uri).await,
    };
    let port = match opened {
        Ok(port) => port,
        // Another program has the port, and the browser would bring it the answer.
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            return Err(oauth_fault::port_taken(&plan.chosen.redirect_uri));
        }
        Err(_) if can_paste => return paste::run(plan, caller).await,
        Err(error) => return Err(oauth_fault::no_port(&error)),
    };
    let begun = begin(plan, port.redirect_uri())?;
    let event =
        LoginEvent::Browse { authorization_url: begun.url.to_string(), same_origin: plan.aim.may_open(&begun.url) };
    if !caller.tell(&event).await {
        return Err(reason::Request::Cancelled.into());
    }
    let came = tokio::select! {
        came = tokio::time::timeout(DECIDED_WITHIN, port.visitor(|url| begun.is_answered_by(url))) => came,
        fault = caller.hung_up() => {
            // The person may have given up because the page said that the server does not know this client.
            plan.forget_client().await;
            return Err(fault);
        }
    };
    let visitor =
        came.map_err(|_| oauth_fault::nobody_came(plan.aim.server))?.map_err(|error| oauth_fault::no_port(&error))?;
    let outcome = redeem(plan, begun, &visitor.url).await;
    visitor.show(&page::after_login(caller.locale, plan.aim.server, &outcome)).await;
    outcome
}

pub(super) fn begin(plan: &Plan<'_>, redirect_uri: &url::Url) -> Result<Authorization, Fault> {
    Authorization::begin(
        &plan.aim.at,
        &plan.chosen.client,
        redirect_uri,
        &plan.aim.scopes,
        plan.aim.resource.as_deref(),
        &plan.aim.parameters,
    )
    .map_err(|error| oauth_fault::from_oauth(plan.aim.server, error))
}

/// Gives the code that a URL holds for tokens.
pub(super) async fn redeem(plan: &Plan<'_>, begun: Authorization, url: &url::Url) -> Result<Credential, Fault> {
    let failed = |error: OAuthError| oauth_fault::from_decision(plan.aim.server, error);
    let returned = begun.returned(&plan.aim.at, url).map_err(failed)?;
    let nonce = begun.nonce.clone();
    let tokens = match begun.redeem(&plan.aim.http, &plan.aim.at, &plan.chosen.client, returned).await {
        Ok(tokens) => tokens,
        Err(error) => {
            if error.is_unknown_client() {
                plan.forget_client().await;
            }
            return Err(failed(error));
        }
    };
    plan.credential(TermsKind::Person, tokens, nonce.as_deref()).await
}
