//! What anybody may know: how to sign in.

use axum::response::IntoResponse;
use serde_json::json;

use crate::listen::http::asker::Anybody;
use crate::listen::http::json::as_json;
use crate::listen::http::problem::Problem;
use crate::wire::Issuers;

pub(super) async fn auth(Anybody(asking): Anybody) -> Result<impl IntoResponse, Problem> {
    let issuers = asking.ask(&Issuers {}).await?.issuers;
    let first = issuers.first();
    Ok(as_json(&json!({
        "token_auth_enabled": true,
        "oidc_enabled": first.is_some(),
        "oidc_issuer": first.map(|issuer| &issuer.issuer),
        "oidc_client_id": first.map(|issuer| &issuer.client_id),
        "issuers": issuers,
    })))
}

pub(super) async fn enterprise(Anybody(asking): Anybody) -> Result<impl IntoResponse, Problem> {
    let oidc = !asking.ask(&Issuers {}).await?.issuers.is_empty();
    let body = json!({ "auth_enabled": true, "oidc_enabled": oidc, "audit_enabled": true, "enterprise_mode": true });
    Ok(as_json(&body))
}
