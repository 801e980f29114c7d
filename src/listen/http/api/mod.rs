//! The REST API, with Loki's paths and shapes, and loom's own beside them. `openapi.json` describes it.

mod accounts;
mod audit;
mod call;
mod control;
mod handed_back;
mod info;
mod token;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};

pub(super) use tokens::check_days;

use super::problem::Problem;
use super::shared::Shared;

const OPENAPI: &str = include_str!("openapi.json");

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/openapi.json", get(|| async { ([(CONTENT_TYPE, "application/json")], OPENAPI) }))
        .route("/api/auth/info", get(info::auth))
        .route("/api/enterprise/status", get(info::enterprise))
        .route("/api/status", get(accounts::status))
        .route("/api/accounts", get(accounts::list))
        .route("/api/enterprise/tokens", get(tokens::list).post(tokens::generate))
        .route("/api/enterprise/tokens/{name}", delete(tokens::revoke))
        .route("/api/audit", get(audit::last))
        .route("/api/token", post(token::get))
        .route("/api/call/{server}", any(call::call))
        .route("/api/call/{server}/", any(call::call))
        .route("/api/call/{server}/{*path}", any(call::call))
        .route("/api/control/start", post(control::start))
        .route("/api/control/stop", post(control::stop))
        .route("/api/sessions", get(control::sessions))
        .route("/api/sessions/{id}", delete(control::end_session))
}

pub(super) async fn method_not_allowed(method: Method) -> Response {
    let detail = format!("{} is not for this path", crate::base::printable(method.as_str()));
    Problem::plain(StatusCode::METHOD_NOT_ALLOWED, &detail).into_response()
}
