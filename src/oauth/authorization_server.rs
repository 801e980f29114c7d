//! What is known about an authorization server before anything is asked of it, put together from metadata, settings and
//! known hosts. Endpoints are checked when they are read: none leads where somebody could listen.

use super::{OAuthError, known_hosts};
use crate::base::{Endpoint, OAuthSettings};
use crate::net::Object;

/// An authorization server as its metadata, the settings or the known hosts describe it (RFC 8414 §2).
#[derive(Clone, Debug)]
pub struct AuthorizationServer {
    /// The server's name (RFC 8414 §2).
    pub issuer: String,
    /// Where a browser is sent to log in (RFC 6749 §3.1).
    pub authorization_endpoint: Option<Endpoint>,
    /// Where tokens are asked for (RFC 6749 §3.2).
    pub token_endpoint: Endpoint,
    /// Where a login with a code on another device begins (RFC 8628 §3.1).
    pub device_authorization_endpoint: Option<Endpoint>,
    /// Where tokens are revoked (RFC 7009 §2).
    pub revocation_endpoint: Option<Endpoint>,
    /// Where clients are registered (RFC 7591 §3).
    pub registration_endpoint: Option<Endpoint>,
    /// Where the server says who logged in (OpenID Connect Core §5.3).
    pub userinfo_endpoint: Option<Endpoint>,
    /// The scopes that the server lists; empty if it lists none.
    pub scopes_supported: Vec<String>,
    /// Whether the server puts its name into each redirect (RFC 9207), so that a redirect without it comes from another
    /// one.
    pub names_itself: bool,
    /// Whether the server offers token exchange (RFC 8693).
    pub exchange: bool,
    /// Whether the server takes a client's secret in the request's body and not in a header, as far as is known.
    pub secret_in_body: bool,
    /// Whether a person, the settings or loom's own list chose the server. If not, an answer of the network named it.
    pub is_chosen: bool,
    /// Whether the server's own metadata say that `issuer` is its name. A name that stands in settings only is not
    /// checked against answers.
    pub is_vouched_for: bool,
}

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl AuthorizationServer {
    /// The server that these metadata describe; `None` if they are no metadata. Metadata of another issuer are an
    /// error.
    pub(super) fn from_metadata(issuer: &Endpoint, metadata: &Object) -> Result<Option<Self>, OAuthError> {
        let Some(said) = metadata.text("issuer") else { return Ok(None) };
        // The slash at the end is no part of the name where a person named a host.
        if said.trim_end_matches('/') != issuer.as_str().trim_end_matches('/') {
            let (expected, said) = (issuer.to_string(), said.to_owned());
            return Err(OAuthError::OtherIssuer { expected, said });
        }
        let endpoint = |key: &str| match metadata.text(key) {
            Some(text) => issuer.named_by(text).map(Some).map_err(|_| OAuthError::UnsafeUrl),
            None => Ok(None),
        };
        let Some(token_endpoint) = endpoint("token_endpoint")? else { return Ok(None) };
        let methods = metadata.texts("token_endpoint_auth_methods_supported");
        let takes = |method: &str| methods.iter().any(|other| other == method);
        Ok(Some(AuthorizationServer {
            issuer: said.to_owned(),
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint,
            device_authorization_endpoint: endpoint("device_authorization_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            registration_endpoint: endpoint("registration_endpoint")?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            scopes_supported: metadata.texts("scopes_supported"),
            names_itself: metadata.is_true("authorization_response_iss_parameter_supported"),
            exchange: metadata.texts("grant_types_supported").iter().any(|grant| grant == EXCHANGE),
            secret_in_body: takes("client_secret_post") && !takes("client_secret_basic"),
            is_chosen: false,
            is_vouched_for: true,
        }))
    }

    /// The server that the settings describe, if they name a token endpoint; then nobody has to be asked.
    pub(super) fn from_settings(settings: &OAuthSettings) -> Option<Self> {
        let token_endpoint = settings.token_endpoint.clone()?;
        let origin = token_endpoint.url().origin().ascii_serialization();
        Some(AuthorizationServer {
            issuer: settings.issuer.clone().unwrap_or(origin),
            authorization_endpoint: settings.authorization_endpoint.clone(),
            token_endpoint,
            device_authorization_endpoint: settings.device_authorization_endpoint.clone(),
            revocation_endpoint: settings.revocation_endpoint.clone(),
            registration_endpoint: None,
            userinfo_endpoint: settings.userinfo_endpoint.clone(),
            scopes_supported: Vec::new(),
            names_itself: false,
            exchange: false,
            // What every server takes that has no metadata to say otherwise.
            secret_in_body: true,
            is_chosen: true,
            is_vouched_for: false,
        })
    }

    /// Whether every endpoint is known that another metadata document could add.
    pub(super) fn says_all(&self) -> bool {
        let endpoints = [&self.device_authorization_endpoint, &self.revocation_endpoint, &self.registration_endpoint];
        endpoints.iter().all(|endpoint| endpoint.is_some())
    }

    /// Adds endpoints that only `other`, another metadata document, names. It counts only if it is of the same issuer
    /// with the same token endpoint.
    pub(super) fn completed_by(mut self, other: Self) -> Self {
        if (&self.issuer, &self.token_endpoint) == (&other.issuer, &other.token_endpoint) {
            self.device_authorization_endpoint =
                self.device_authorization_endpoint.or(other.device_authorization_endpoint);
            self.revocation_endpoint = self.revocation_endpoint.or(other.revocation_endpoint);
            self.registration_endpoint = self.registration_endpoint.or(other.registration_endpoint);
        }
        self
    }

    /// Replaces single endpoints by those that the settings name.
    pub(super) fn amended(mut self, settings: &OAuthSettings) -> Self {
        let amend = |own: &mut Option<Endpoint>, said: &Option<Endpoint>| {
            if said.is_some() {
                own.clone_from(said);
            }
        };
        amend(&mut self.authorization_endpoint, &settings.authorization_endpoint);
        amend(&mut self.device_authorization_endpoint, &settings.device_authorization_endpoint);
        amend(&mut self.revocation_endpoint, &settings.revocation_endpoint);
        amend(&mut self.userinfo_endpoint, &settings.userinfo_endpoint);
        self.is_chosen |= settings.issuer.is_some();
        self
    }

    /// What loom knows of the software that this server runs, recognised by the path of its token endpoint; empty if it
    /// is not known.
    pub fn make(&self) -> OAuthSettings {
        let known = known_hosts::make(&self.issuer, &self.token_endpoint).filter(|_| self.is_vouched_for);
        // Another make may have the same paths; it does not have the same scopes.
        let offers = |scope: &String| self.scopes_supported.contains(scope);
        let same = known.filter(|known| known.scopes.iter().flatten().all(offers));
        same.cloned().unwrap_or_default()
    }

    /// Which scopes to ask for where nobody named any: those of `openid`, `profile` and `offline_access` that the
    /// server lists. They tell who logged in, and get a refresh token.
    pub fn usual_scopes(&self) -> Vec<String> {
        let usual = ["openid", "profile", "offline_access"];
        let offered = |scope: &&str| self.scopes_supported.iter().any(|other| other == scope);
        usual.into_iter().filter(offered).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(issuer: &str, text: &str) -> Result<Option<AuthorizationServer>, OAuthError> {
        AuthorizationServer::from_metadata(&Endpoint::parse(issuer).unwrap(), &Object::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn metadata_of_another_issuer_are_refused() {
        let text = r#"{"issuer":"https://evil.example","token_endpoint":"https://evil.example/t"}"#;
        assert!(matches!(parse("https://a.example", text), Err(OAuthError::OtherIssuer { .. })));
        let text = r#"{"issuer":"https://a.example/","token_endpoint":"https://a.example/t"}"#;
        assert_eq!(parse("https://a.example", text).unwrap().unwrap().issuer, "https://a.example/");
    }

    #[test]
    fn an_endpoint_in_clear_is_refused_and_no_metadata_are_none() {
        let text = r#"{"issuer":"https://a.example","token_endpoint":"http://a.example/t"}"#;
        assert!(matches!(parse("https://a.example", text), Err(OAuthError::UnsafeUrl)));
        assert!(parse("https://a.example", r#"{"status":"pending"}"#).unwrap().is_none());
    }
}
