//! The device code (RFC 8628): a machine asks, a person approves at `/device`, the machine fetches its token.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::base::{Scopes, clock};
use crate::listen::http::asker::Anybody;
use crate::listen::http::form::{Form, Refused};
use crate::listen::http::json::as_json;
use crate::listen::http::problem::Problem;
use crate::listen::http::visit::Visit;
use crate::wire::{DevicePoll, DevicePollReply, DeviceStart};

pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 8628 §3.1, §3.2.
pub(super) async fn authorize(Extension(visit): Extension<Visit>, Anybody(asking): Anybody, form: Form) -> Response {
    if form.get("client_id").is_none() {
        return Refused("invalid_client").into_response();
    }
    let Ok(scopes) = scopes(&form) else { return Refused("invalid_scope").into_response() };
    let name = form.text("device_name").map(str::to_owned).or(form.program);
    match asking.ask(&DeviceStart { name, scopes }).await {
        Ok(started) => as_json(&json!({
            "device_code": started.device_code.expose(),
            "user_code": started.user_code,
            "verification_uri": format!("{}/device", visit.base),
            "verification_uri_complete": format!("{}/device?user_code={}", visit.base, started.user_code),
            "expires_in": started.expires_in,
            "interval": started.interval,
        }))
        .into_response(),
        Err(fault) => Problem::from(fault).into_response(),
    }
}

/// RFC 8628 §3.4, §3.5.
pub(super) async fn token(Anybody(asking): Anybody, form: Form) -> Response {
    if form.text("grant_type") != Some(GRANT) {
        return Refused("unsupported_grant_type").into_response();
    }
    let Some(device_code) = form.get("device_code") else { return Refused("invalid_request").into_response() };
    let refused = match asking.ask(&DevicePoll { device_code: device_code.clone() }).await {
        Ok(DevicePollReply::Completed { access_token, scopes, expires_at }) => {
            let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
            return as_json(&json!({
                "access_token": access_token.expose(),
                "token_type": "Bearer",
                "expires_in": expires_at.map(|expiry| clock::until(expiry).as_secs()),
                "scope": names.join(" "),
            }))
            .into_response();
        }
        Ok(DevicePollReply::Pending) => "authorization_pending",
        Ok(DevicePollReply::SlowDown) => "slow_down",
        Ok(DevicePollReply::Denied) => "access_denied",
        Ok(DevicePollReply::Expired) => "expired_token",
        Err(fault) => return Problem::from(fault).into_response(),
    };
    Refused(refused).into_response()
}

/// What the machine wants to do, if it says so (RFC 6749 §3.3).
fn scopes(form: &Form) -> Result<Option<Scopes>, crate::base::UnknownScope> {
    let named = form.text("scope").map(|text| Scopes::from_names(text.split_whitespace()));
    named.transpose().map(|scopes| scopes.filter(|scopes| !scopes.is_empty()))
}
