//! Clients that register by themselves, and tokens that their holders end.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::listen::http::asker::Anybody;
use crate::listen::http::form::{Form, Refused};
use crate::listen::http::json::{Json, as_json};
use crate::listen::http::problem::Problem;
use crate::wire::{EndToken, reason};

/// Every client has this id: it proves nothing, and a person decides about each machine.
const CLIENT_ID: &str = "loom";

#[derive(Deserialize)]
pub(super) struct NewClient {
    #[serde(default)]
    client_name: Option<String>,
}

/// RFC 7591 §3.2.1. Nothing is kept of it.
pub(super) async fn register(Json(new): Json<NewClient>) -> impl IntoResponse {
    let body = json!({
        "client_id": CLIENT_ID,
        "client_name": new.client_name,
        "grant_types": [super::device::GRANT],
        "response_types": [],
        "token_endpoint_auth_method": "none",
    });
    (StatusCode::CREATED, as_json(&body))
}

/// RFC 7009 §2. That it was no token is no error.
pub(super) async fn revoke(Anybody(asking): Anybody, form: Form) -> Response {
    let Some(token) = form.get("token") else { return Refused("invalid_request").into_response() };
    match asking.ask(&EndToken { token: token.clone() }).await {
        Ok(_) => StatusCode::OK.into_response(),
        // RFC 7009 §2.2.1.
        Err(fault) => match fault.about() {
            Some(reason::Tokens::TokenOfIssuer { .. }) => Refused("unsupported_token_type").into_response(),
            _ => Problem::from(fault).into_response(),
        },
    }
}
