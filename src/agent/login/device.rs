//! The way by page and code (RFC 8628).
//!
//! A poll that was sent is read to its end even if nobody waits any more: an answer that holds tokens comes only once.

use std::pin::pin;
use std::sync::Arc;

use super::plan::Plan;
use crate::agent::call::caller::Caller;
use crate::agent::upstream::oauth_fault;
use crate::agent::upstream::registrations::Way;
use crate::base::{Credential, TermsKind};
use crate::oauth::device::{self, Progress, Started};
use crate::oauth::{OAuthError, Tokens};
use crate::wire::{Fault, LoginEvent, reason};

/// Shows page and code, and polls until the person decided.
pub(super) async fn run(plan: &mut Plan<'_>, caller: &mut Caller<'_>) -> Result<Credential, Fault> {
    let started = tokio::select! {
        started = start(plan) => started?,
        fault = caller.hung_up() => return Err(fault),
    };
    let event = LoginEvent::Approve {
        verification_url: started.verification_uri.to_string(),
        verification_url_complete: started.verification_uri_complete.as_ref().map(ToString::to_string),
        user_code: started.user_code.clone(),
        expires_in: started.expires_in().as_secs(),
        same_origin: plan.aim.may_open(started.verification_uri.url()),
    };
    if !caller.tell(&event).await {
        return Err(reason::Request::Cancelled.into());
    }
    let tokens = wait(plan, &started, caller).await?;
    // From here on the server counts the person as logged in, so the tokens are kept even if nobody waits for them.
    plan.credential(TermsKind::Person, tokens, None).await
}

/// A server that forgot the client that loom had registered gives another one.
async fn start(plan: &mut Plan<'_>) -> Result<Started, Fault> {
    let failed = |error| oauth_fault::from_oauth(plan.aim.server, error);
    match ask(plan).await {
        Err(error) if error.is_unknown_client() && plan.chosen.is_registered => {}
        other => return other.map_err(failed),
    }
    plan.forget_client().await;
    plan.register_anew(Way::Device).await?;
    ask(plan).await.map_err(|error| oauth_fault::from_oauth(plan.aim.server, error))
}

async fn ask(plan: &Plan<'_>) -> Result<Started, OAuthError> {
    device::start(&plan.aim.http, &plan.aim.at, &plan.chosen.client, &plan.aim.scopes, plan.aim.resource.as_deref())
        .await
}

async fn wait(plan: &Plan<'_>, started: &Started, caller: &mut Caller<'_>) -> Result<Tokens, Fault> {
    let progress = Arc::new(Progress::default());
    let mut polling = pin!(device::wait(&plan.aim.http, &plan.aim.at, &plan.chosen.client, started, &progress));
    let fault = loop {
        tokio::select! {
            tokens = &mut polling => return tokens.map_err(|error| oauth_fault::from_decision(plan.aim.server, error)),
            () = progress.trouble.notified() => {
                caller.tell(&LoginEvent::Retrying).await;
            }
            fault = caller.hung_up() => break fault,
        }
    };
    // An answer that holds tokens comes only once: a poll under way is waited for, and what it brings is kept.
    tokio::select! {
        tokens = &mut polling => tokens.map_err(|error| oauth_fault::from_decision(plan.aim.server, error)),
        () = progress.rests() => Err(fault),
    }
}
