//! The agent's own tokens, in the shape of Loki's API but with safe defaults: scopes or a role are required, scopes
//! that do not exist are refused, and roles count.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use crate::base::{Scopes, ServerPattern};
use crate::listen::http::asker::Program;
use crate::listen::http::json::{Json, as_json};
use crate::listen::http::params::{Named, Params};
use crate::listen::http::problem::Problem;
use crate::wire::{Generate, RevokeToken, Tokens};

const MOST_DAYS: u32 = 36_500;

/// What is asked of a new token. A limit with a name that nobody knows is not left out in silence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    name: String,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    grants: Option<Vec<String>>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    expires_days: Option<u32>,
    #[serde(default)]
    servers: Option<Vec<String>>,
    #[serde(default)]
    max_uses: Option<u64>,
    #[serde(default)]
    reveal: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    include_revoked: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Removal {
    #[serde(default)]
    permanent: Option<bool>,
}

pub(super) async fn generate(program: Program, Json(new): Json<NewToken>) -> Result<impl IntoResponse, Problem> {
    let bad = |detail: String| Problem::plain(StatusCode::BAD_REQUEST, &detail);
    let scopes = new.scopes.map(|names| Scopes::from_names(names.iter().map(String::as_str))).transpose();
    let scopes = scopes.map_err(|error| bad(format!("Unknown scope: {}", crate::base::printable(&error.0))))?;
    if new.expires_days == Some(0) || new.max_uses == Some(0) {
        return Err(bad("expires_days and max_uses must be greater than 0".to_owned()));
    }
    // A list that names nothing does not mean everything.
    if new.servers.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::shape(&["servers"], "Name a server, or leave it out for all"));
    }
    check_days(new.expires_days)?;
    let servers = new.servers.unwrap_or_default();
    let servers: Result<Vec<_>, _> = servers.iter().map(|text| ServerPattern::from_user(text)).collect();
    let servers = servers.map_err(|_| Problem::shape(&["servers"], "Not a list of servers"))?;
    let question = Generate {
        name: new.name,
        scopes,
        grants: new.grants,
        role: new.role,
        expires_days: new.expires_days,
        servers,
        max_uses: new.max_uses,
        reveal: new.reveal.unwrap_or(false),
        max_age_days: None,
    };
    Ok((StatusCode::CREATED, as_json(&program.asking.ask(&question).await?)))
}

/// Refuses a number of days that is out of range.
pub(in crate::listen::http) fn check_days(days: Option<u32>) -> Result<(), Problem> {
    if days.is_none_or(|days| (1..=MOST_DAYS).contains(&days)) {
        Ok(())
    } else {
        Err(Problem::plain(StatusCode::BAD_REQUEST, "expires_days is a number from 1 to 36500"))
    }
}

pub(super) async fn list(program: Program, Params(listing): Params<Listing>) -> Result<impl IntoResponse, Problem> {
    let all = listing.include_revoked.unwrap_or(false);
    Ok(as_json(&program.asking.ask(&Tokens { all }).await?.tokens))
}

pub(super) async fn revoke(
    program: Program,
    Named(identifier): Named,
    Params(removal): Params<Removal>,
) -> Result<impl IntoResponse, Problem> {
    let forget = removal.permanent.unwrap_or(false);
    program.asking.ask(&RevokeToken { name: identifier.clone(), forget }).await?;
    let action = if forget { "delete" } else { "revoke" };
    Ok(as_json(&json!({ "status": "ok", "action": action, "identifier": identifier })))
}
