//! The agent itself, and who is signed in.

use axum::extract::Request;
use axum::response::IntoResponse;
use serde_json::json;

use crate::listen::http::asker::Program;
use crate::listen::http::json::{self, as_json};
use crate::listen::http::params::Named;
use crate::listen::http::problem::Problem;
use crate::wire::{SessionEnd, Sessions, Start, Stop};

/// Says that the agent runs. What a client says beside that, such as what it wants done, is another server's business.
pub(super) async fn start(program: Program, request: Request) -> Result<impl IntoResponse, Problem> {
    json::read(request).await?;
    let agent = program.asking.ask(&Start {}).await?.agent;
    Ok(as_json(&json!({ "status": "running", "agent": agent })))
}

pub(super) async fn stop(program: Program, request: Request) -> Result<impl IntoResponse, Problem> {
    json::read(request).await?;
    program.asking.ask(&Stop {}).await?;
    Ok(as_json(&json!({ "status": "stopping" })))
}

pub(super) async fn sessions(program: Program) -> Result<impl IntoResponse, Problem> {
    Ok(as_json(&program.asking.ask(&Sessions {}).await?.sessions))
}

pub(super) async fn end_session(program: Program, Named(id): Named) -> Result<impl IntoResponse, Problem> {
    program.asking.ask(&SessionEnd { id: id.clone() }).await?;
    Ok(as_json(&json!({ "status": "ok", "action": "end", "identifier": id })))
}
