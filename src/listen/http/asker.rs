//! Who asks, by what their request shows: one extractor for each way in.
//!
//! A bearer token for programs, a cookie for pages, both with a form's key for what a page's form does.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::ask::Asking;
use super::cookies;
use super::problem::Problem;
use super::shared::Shared;
use super::visit::Visit;
use crate::agent::Shown;
use crate::base::Secret;
use crate::wire::Fault;

/// A program with a token. Cookies count for nothing here.
pub(super) struct Program {
    pub(super) asking: Asking,
    pub(super) token: Secret,
}

/// Anybody, for routes at which nothing has to be shown.
pub(super) struct Anybody(pub(super) Asking);

/// A person's browser: signed in, or not yet.
pub(super) enum Browser {
    SignedIn(Asking),
    Stranger(Asking),
}

impl FromRequestParts<Arc<Shared>> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers);
        let shown = token.clone().map_or(Shown::Nothing, Shown::Bearer);
        let asking = admit(parts, shared, shown).await?;
        match token {
            Some(token) => Ok(Program { asking, token }),
            None => Err(Problem::unauthenticated()),
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        Ok(Anybody(admit(parts, shared, Shown::Nothing).await?))
    }
}

impl FromRequestParts<Arc<Shared>> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Visit>();
        if let Some(session) = visit.and_then(|visit| visit.cookie(&parts.headers, cookies::SESSION))
            && let Ok(asking) = let_in(parts, shared, Shown::Cookie(session)).await?
        {
            return Ok(Browser::SignedIn(asking));
        }
        Ok(Browser::Stranger(admit(parts, shared, Shown::Nothing).await?))
    }
}

/// Whoever sends a form of a page: the session's cookie, and the key that only a page of that session has.
pub(super) async fn by_form(shared: &Arc<Shared>, visit: &Visit, cookie: Secret, key: Secret) -> Result<Asking, Fault> {
    let guest = shared.agent.gate.admit(visit.address, &shared.standing, Shown::Form { cookie, key }).await?;
    Ok(Asking::new(shared.clone(), guest, visit.locale))
}

async fn admit(parts: &Parts, shared: &Arc<Shared>, shown: Shown) -> Result<Asking, Problem> {
    Ok(let_in(parts, shared, shown).await??)
}

async fn let_in(parts: &Parts, shared: &Arc<Shared>, shown: Shown) -> Result<Result<Asking, Fault>, Problem> {
    // The check that every request passes first has put it there.
    let visit = parts.extensions.get::<Visit>();
    let visit = visit.ok_or_else(|| Problem::plain(StatusCode::INTERNAL_SERVER_ERROR, "Not a visit"))?;
    let guest = shared.agent.gate.admit(visit.address, &shared.standing, shown).await;
    Ok(guest.map(|guest| Asking::new(shared.clone(), guest, visit.locale)))
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1); with two of these headers nobody knows which is meant.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (scheme, token) = all.next()?.to_str().ok()?.split_once(' ')?;
    let token = Secret::token(token.trim().to_owned())?;
    (scheme.eq_ignore_ascii_case("bearer") && all.next().is_none()).then_some(token)
}
