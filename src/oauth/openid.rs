//! OpenID providers at which people sign in: their metadata, and the keys that they sign with.

use ::http::StatusCode;
use url::Url;

use super::{AuthorizationServer, OAuthError};
use crate::base::Endpoint;
use crate::net::{Answer, Http, HttpError, Object};

/// An OpenID provider as its metadata describe it (OpenID Connect Discovery §3).
#[derive(Clone, Debug)]
pub struct OpenIdProvider {
    /// What its metadata say of it as an authorization server.
    pub server: AuthorizationServer,
    jwks_uri: Endpoint,
    /// Where a person signs out at the provider (OpenID Connect RP-Initiated Logout §2.1).
    pub end_session_endpoint: Option<Endpoint>,
}

impl OpenIdProvider {
    /// The provider's name as its tokens say it (the claim `iss`).
    pub fn issuer(&self) -> &str {
        &self.server.issuer
    }
}

/// Fetches the provider's metadata. Fails unless they are of this issuer and name a token endpoint and keys.
pub async fn discover(http: &Http, issuer: &Endpoint) -> Result<OpenIdProvider, OAuthError> {
    let mut url: Url = issuer.url().clone();
    url.set_path(&format!("{}/.well-known/openid-configuration", issuer.url().path().trim_end_matches('/')));
    url.set_query(None);
    let metadata = object(http, url.as_str()).await?;
    let server = AuthorizationServer::from_metadata(issuer, &metadata)?.ok_or(OAuthError::NotOAuth)?;
    let endpoint = |key: &str| metadata.text(key).map(|text| issuer.named_by(text)).transpose();
    let jwks_uri = endpoint("jwks_uri").map_err(|_| OAuthError::UnsafeUrl)?.ok_or(OAuthError::NotOAuth)?;
    let end_session_endpoint = endpoint("end_session_endpoint").map_err(|_| OAuthError::UnsafeUrl)?;
    Ok(OpenIdProvider { server, jwks_uri, end_session_endpoint })
}

/// Fetches the provider's keys, a JWK set (RFC 7517 §5), as JSON.
pub async fn keys(http: &Http, provider: &OpenIdProvider) -> Result<Vec<u8>, OAuthError> {
    Ok(object(http, provider.jwks_uri.as_str()).await?.print())
}

async fn object(http: &Http, url: &str) -> Result<Object, OAuthError> {
    let answer = Answer::to(http.get(url)).await?;
    match answer.status {
        StatusCode::OK => answer.object().ok_or(OAuthError::NotOAuth),
        status => Err(HttpError::Trouble(status.as_u16()).into()),
    }
}
