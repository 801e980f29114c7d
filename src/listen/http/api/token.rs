//! A server's own token, for a program that was issued one with `--reveal`.

use axum::response::IntoResponse;
use serde::Deserialize;

use crate::base::ServerUrl;
use crate::listen::http::asker::Program;
use crate::listen::http::json::{Json, as_json};
use crate::listen::http::problem::Problem;
use crate::wire::Token;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    server: Option<String>,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    min_validity: Option<u32>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    audience: Option<String>,
    #[serde(default)]
    id_token: bool,
}

pub(super) async fn get(program: Program, Json(wanted): Json<Wanted>) -> Result<impl IntoResponse, Problem> {
    let server = wanted.server.map(|text| ServerUrl::from_user(&text)).transpose();
    let question = Token {
        server: server.map_err(|_| Problem::shape(&["server"], "Not a server"))?,
        account: wanted.account,
        min_validity: wanted.min_validity.unwrap_or_default(),
        scopes: wanted.scopes.unwrap_or_default(),
        resource: wanted.resource,
        audience: wanted.audience,
        id_token: wanted.id_token,
    };
    Ok(as_json(&program.asking.ask(&question).await?))
}
