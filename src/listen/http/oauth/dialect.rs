//! The same in the dialect of Loom servers, which older clients speak.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::base::{Scope, Scopes, Secret, ServerPattern};
use crate::listen::http::api::check_days;
use crate::listen::http::asker::{Anybody, Program};
use crate::listen::http::json::{Json, as_json};
use crate::listen::http::problem::Problem;
use crate::listen::http::visit::Visit;
use crate::wire::{DeviceApproval, DeviceDecide, DevicePoll, DevicePollReply, DeviceStart, EndToken};

#[derive(Deserialize)]
pub(super) struct Starting {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    scopes: Option<Scopes>,
}

#[derive(Deserialize)]
pub(super) struct Polling {
    device_code: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Completing {
    user_code: String,
    /// What is granted; only reading if nothing is said.
    #[serde(default)]
    scopes: Option<Scopes>,
    #[serde(default)]
    servers: Option<Vec<ServerPattern>>,
    #[serde(default)]
    expires_days: Option<u32>,
    #[serde(default)]
    reveal: Option<bool>,
    #[serde(default)]
    deny: Option<bool>,
}

pub(super) async fn start(
    Extension(visit): Extension<Visit>,
    Anybody(asking): Anybody,
    Json(starting): Json<Starting>,
) -> Result<impl IntoResponse, Problem> {
    let started = asking.ask(&DeviceStart { name: starting.name, scopes: starting.scopes }).await?;
    Ok(as_json(&json!({
        "device_code": started.device_code.expose(),
        "user_code": started.user_code,
        "verification_url": format!("{}/device", visit.base),
        "expires_in": started.expires_in,
    })))
}

pub(super) async fn poll(Anybody(asking): Anybody, Json(polling): Json<Polling>) -> Result<Response, Problem> {
    let body = match asking.ask(&DevicePoll { device_code: polling.device_code }).await? {
        DevicePollReply::Pending | DevicePollReply::SlowDown => json!({ "status": "pending" }),
        DevicePollReply::Expired => json!({ "status": "expired" }),
        DevicePollReply::Completed { access_token, .. } => {
            json!({ "status": "completed", "access_token": access_token.expose() })
        }
        // Clients know no such status; that the login failed they learn from the other one.
        DevicePollReply::Denied => {
            return Ok((StatusCode::FORBIDDEN, as_json(&json!({ "status": "denied" }))).into_response());
        }
    };
    Ok(as_json(&body).into_response())
}

/// Approves or denies a machine that waits, for programs that need no page for that.
pub(super) async fn complete(
    program: Program,
    Json(completing): Json<Completing>,
) -> Result<impl IntoResponse, Problem> {
    let Completing { user_code, scopes, servers, expires_days, reveal, deny } = completing;
    // A list that names nothing does not mean everything.
    if servers.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::shape(&["servers"], "Name a server, or leave it out for all that you have"));
    }
    check_days(expires_days)?;
    if scopes.as_ref().is_some_and(Scopes::is_empty) {
        return Err(Problem::plain(StatusCode::BAD_REQUEST, "Name a scope, or leave them out for reading"));
    }
    let approval = DeviceApproval {
        scopes: scopes.unwrap_or_else(|| [Scope::Read].into_iter().collect()),
        servers: servers.unwrap_or_default(),
        expires_days,
        reveal: reveal.unwrap_or(false),
    };
    let approval = Some(approval).filter(|_| deny != Some(true));
    let granted = program.asking.ask(&DeviceDecide { user_code, approval }).await?.granted;
    let status = if granted.is_some() { "completed" } else { "denied" };
    Ok(as_json(&json!({ "status": status, "token": granted })))
}

/// Ends the token that is shown.
pub(super) async fn logout(program: Program) -> Result<Response, Problem> {
    program.asking.ask(&EndToken { token: program.token }).await?;
    Ok(as_json(&json!({ "status": "ok" })))
}
