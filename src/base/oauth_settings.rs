use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Endpoint;

/// How to log in at a server, as far as somebody said: `[server.oauth]` in loom.toml(5), an entry of the known hosts, or the
/// command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuthSettings {
    /// The authorization server; its metadata say the rest (RFC 8414).
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    /// A file with the client's secret; a path from the home directory may begin with `~/`.
    pub client_secret_file: Option<PathBuf>,
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// What is asked for where a login names no scope.
    pub scopes: Option<Vec<String>>,
    /// What the token is for (RFC 8707).
    pub resource: Option<String>,
    pub authorization_endpoint: Option<Endpoint>,
    pub token_endpoint: Option<Endpoint>,
    pub device_authorization_endpoint: Option<Endpoint>,
    pub revocation_endpoint: Option<Endpoint>,
    pub userinfo_endpoint: Option<Endpoint>,
    /// Where a browser is sent back to; `http://127.0.0.1/callback` if nothing else is said. With a port it is just there,
    /// without one any does.
    pub redirect_uri: Option<String>,
    /// What else stands in the URL that a browser is sent to.
    pub authorization_parameters: BTreeMap<String, String>,
    /// The user name that git sends beside a token.
    pub git_username: Option<String>,
}

/// How a client shows its secret to the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// Not at all, even if there is one.
    None,
    /// In a header.
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
}

impl OAuthSettings {
    /// What remains where somebody names another issuer: that one's own endpoints count.
    pub fn without_endpoints(self) -> OAuthSettings {
        OAuthSettings {
            issuer: None,
            authorization_endpoint: None,
            token_endpoint: None,
            device_authorization_endpoint: None,
            revocation_endpoint: None,
            userinfo_endpoint: None,
            ..self
        }
    }

    /// What is said here, and where nothing is, what is said there.
    pub fn or(self, other: OAuthSettings) -> OAuthSettings {
        OAuthSettings {
            issuer: self.issuer.or(other.issuer),
            client_id: self.client_id.or(other.client_id),
            client_secret_file: self.client_secret_file.or(other.client_secret_file),
            token_endpoint_auth_method: self.token_endpoint_auth_method.or(other.token_endpoint_auth_method),
            scopes: self.scopes.or(other.scopes),
            resource: self.resource.or(other.resource),
            authorization_endpoint: self.authorization_endpoint.or(other.authorization_endpoint),
            token_endpoint: self.token_endpoint.or(other.token_endpoint),
            device_authorization_endpoint: self.device_authorization_endpoint.or(other.device_authorization_endpoint),
            revocation_endpoint: self.revocation_endpoint.or(other.revocation_endpoint),
            userinfo_endpoint: self.userinfo_endpoint.or(other.userinfo_endpoint),
            redirect_uri: self.redirect_uri.or(other.redirect_uri),
            authorization_parameters: match self.authorization_parameters.is_empty() {
                true => other.authorization_parameters,
                false => self.authorization_parameters,
            },
            git_username: self.git_username.or(other.git_username),
        }
    }
}
