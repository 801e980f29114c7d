//! The last entries of the audit log, the oldest first.

use axum::response::IntoResponse;
use serde::Deserialize;

use crate::listen::http::asker::Program;
use crate::listen::http::json::as_json;
use crate::listen::http::params::Params;
use crate::listen::http::problem::Problem;
use crate::wire::{Audit, AuditEntry};

const USUAL: usize = 100;
const MOST: usize = 1000;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) async fn last(program: Program, Params(wanted): Params<Wanted>) -> Result<impl IntoResponse, Problem> {
    let last = wanted.limit.unwrap_or(USUAL).min(MOST);
    let event = wanted.event.filter(|event| !event.is_empty());
    let question = Audit { event, last, follow: false };
    let entries: Vec<AuditEntry> = program.asking.collect(&question).await?;
    Ok(as_json(&entries))
}
