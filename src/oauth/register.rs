//! Dynamic client registration (RFC 7591): a client of one's own where a server gives one to anybody.

use ::http::header::CONTENT_TYPE;
use serde_json::json;

use super::{AuthorizationServer, Client, OAuthError};
use crate::base::Secret;
use crate::net::{Answer, Http};

/// The longest client id that is accepted, in bytes.
const MAX_ID: usize = 512;

const CODE: &str = "authorization_code";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH: &str = "refresh_token";

/// A client that a server registered for loom.
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Whether it may log in with a browser that comes back to this machine.
    pub by_code: bool,
    /// Whether it may log in with a code on another device.
    pub by_device: bool,
}

/// Registers a client that comes back to `redirect_uri` (RFC 7591), for every way of logging in that the server has. A
/// server may refuse a client for both ways: it is then asked once more, for the one that is needed now.
pub async fn register(
    http: &Http,
    server: &AuthorizationServer,
    redirect_uri: &str,
    needs_device: bool,
) -> Result<Registered, OAuthError> {
    let registered = |client, by_code, by_device| Registered { client, by_code, by_device };
    if server.device_authorization_endpoint.is_some() {
        match ask(http, server, redirect_uri, &[CODE, REFRESH, DEVICE]).await {
            Err(OAuthError::Said { .. }) => {}
            other => return other.map(|client| registered(client, true, true)),
        }
    }
    let alone = if needs_device { DEVICE } else { CODE };
    let client = ask(http, server, redirect_uri, &[alone, REFRESH]).await?;
    Ok(registered(client, !needs_device, needs_device))
}

async fn ask(
    http: &Http,
    server: &AuthorizationServer,
    redirect_uri: &str,
    grants: &[&str],
) -> Result<Client, OAuthError> {
    let endpoint = server.registration_endpoint.as_ref().ok_or(OAuthError::NotOffered)?;
    let by_code = grants.contains(&CODE);
    let body = json!({
        "client_name": "loom",
        "application_type": "native",
        "redirect_uris": if by_code { vec![redirect_uri] } else { Vec::new() },
        "response_types": if by_code { vec!["code"] } else { Vec::new() },
        "grant_types": grants,
        // Nothing that this machine keeps would be a secret to its user.
        "token_endpoint_auth_method": "none",
    });
    let request = http.post(endpoint.as_str()).header(CONTENT_TYPE, "application/json").body(body.to_string());
    let answer = Answer::to(request).await?;
    let object = answer.object();
    if !answer.status.is_success() {
        let said = |key: &str| object.as_ref().and_then(|object| object.text(key)).filter(|text| !text.is_empty());
        // Not every server words its refusal as the standard has it (RFC 7591 §3.2.2); a status it has always.
        let status = format!("HTTP {}", answer.status.as_u16());
        return Err(OAuthError::said(said("error").unwrap_or(&status), said("error_description")));
    }
    let object = object.ok_or(OAuthError::NotOAuth)?;
    let id = object.text("client_id").unwrap_or_default();
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(OAuthError::NotOAuth);
    }
    // The method decides: a secret beside `none` is one that the server does not want to see (RFC 7591 §2).
    let method = object.text("token_endpoint_auth_method");
    let secret = object.text("client_secret").and_then(|text| Secret::token(text.to_owned()));
    Ok(Client::new(id.to_owned(), secret.filter(|_| method != Some("none")), method == Some("client_secret_post")))
}
