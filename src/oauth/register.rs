//! Dynamic client registration (RFC 7591): a client of one's own where a server gives one to anybody.

use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use super::http::Answer;
use super::{AuthorizationServer, Client, Http, OAuthError};
use crate::base::Secret;

/// The longest client id that is taken.
const MAX_ID: usize = 512;

/// Registers a public client that comes back to `redirect_uri`.
pub async fn register(http: &Http, server: &AuthorizationServer, redirect_uri: &str) -> Result<Client, OAuthError> {
    let endpoint = server.registration_endpoint.as_ref().ok_or(OAuthError::NotOffered)?;
    let mut grants = vec!["authorization_code", "refresh_token"];
    if server.device_authorization_endpoint.is_some() {
        grants.push("urn:ietf:params:oauth:grant-type:device_code");
    }
    let body = json!({
        "client_name": "loom",
        "application_type": "native",
        "redirect_uris": [redirect_uri],
        "response_types": ["code"],
        "grant_types": grants,
        // Nothing that this machine keeps would be a secret to its user.
        "token_endpoint_auth_method": "none",
    });
    let request = http.post(endpoint.as_str()).header(CONTENT_TYPE, "application/json").body(body.to_string());
    let answer = Answer::to(request).await?;
    let object = answer.object().ok_or(OAuthError::NotOAuth)?;
    if !answer.status.is_success() {
        return Err(OAuthError::said(object.text("error").unwrap_or("error"), object.text("error_description")));
    }
    let id = object.text("client_id").unwrap_or_default();
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(OAuthError::NotOAuth);
    }
    let secret = object.text("client_secret").and_then(|text| Secret::token(text.to_owned()));
    let secret_in_body = object.text("token_endpoint_auth_method") == Some("client_secret_post");
    Ok(Client { id: id.to_owned(), secret, secret_in_body })
}
