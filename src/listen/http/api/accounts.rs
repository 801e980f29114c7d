//! Who is logged in where; no secrets.

use axum::response::IntoResponse;

use crate::listen::http::asker::Program;
use crate::listen::http::json::as_json;
use crate::listen::http::problem::Problem;
use crate::wire::Status;

/// The accounts in the JSON of `loom status --json`.
pub(super) async fn status(program: Program) -> Result<impl IntoResponse, Problem> {
    Ok(as_json(&program.asking.ask(&Status::default()).await?))
}

pub(super) async fn list(program: Program) -> Result<impl IntoResponse, Problem> {
    Ok(as_json(&program.asking.ask(&Status::default()).await?.accounts))
}
