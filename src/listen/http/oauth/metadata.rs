use axum::Extension;
use axum::response::IntoResponse;
use serde_json::json;

use crate::base::Scope;
use crate::listen::http::json::as_json;
use crate::listen::http::visit::Visit;

/// How to log in here (RFC 8414 §2). There is no authorization endpoint: a person approves at the page of the device.
pub(super) async fn metadata(Extension(visit): Extension<Visit>) -> impl IntoResponse {
    let base = visit.base;
    as_json(&json!({
        "issuer": base,
        "token_endpoint": format!("{base}/oauth/token"),
        "device_authorization_endpoint": format!("{base}/oauth/device"),
        "registration_endpoint": format!("{base}/oauth/register"),
        "revocation_endpoint": format!("{base}/oauth/revoke"),
        "grant_types_supported": [super::device::GRANT],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": Scope::EVERY.map(Scope::name),
    }))
}
