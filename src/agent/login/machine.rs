//! The way of a client with a secret of its own, which asks for itself (RFC 6749 §4.4).

use super::plan::Plan;
use crate::agent::upstream::oauth_fault;
use crate::base::{Credential, TermsKind};
use crate::oauth::{self, Wish};
use crate::wire::Fault;

/// A client with a secret of its own needs nobody (RFC 6749 §4.4).
pub(super) async fn run(plan: &Plan<'_>) -> Result<Credential, Fault> {
    let failed = |error| oauth_fault::from_oauth(plan.aim.server, error);
    if plan.chosen.client.secret.is_none() {
        return Err(oauth_fault::no_client_secret(plan.aim.server));
    }
    let tokens =
        oauth::machine(&plan.aim.http, &plan.aim.at, &plan.chosen.client, &wish(plan)).await.map_err(failed)?;
    plan.credential(TermsKind::Machine, tokens, None).await
}

fn wish(plan: &Plan<'_>) -> Wish {
    Wish { scopes: plan.aim.scopes.clone(), resource: plan.aim.resource.clone(), audience: None }
}
