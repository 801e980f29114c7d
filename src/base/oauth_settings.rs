use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Endpoint;

/// How to log in at a server, as far as somebody said: `[server.oauth]` in loom.toml(5), an entry of the known hosts,
/// or the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuthSettings {
    /// The authorization server, whose metadata say the rest (RFC 8414).
    pub issuer: Option<String>,
    /// The client as which loom logs in (RFC 6749 §2.2).
    pub client_id: Option<String>,
    /// A file with the client's secret; a path from the home directory may begin with `~/`.
    pub client_secret_file: Option<PathBuf>,
    /// How the client shows its secret.
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// The scopes that are asked for where a login names none.
    pub scopes: Option<Vec<String>>,
    /// The server that the token is meant for (RFC 8707).
    pub resource: Option<String>,
    /// Where a browser is sent to log in (RFC 6749 §3.1).
    pub authorization_endpoint: Option<Endpoint>,
    /// Where tokens are asked for (RFC 6749 §3.2).
    pub token_endpoint: Option<Endpoint>,
    /// Where a login with a code on another device begins (RFC 8628 §3.1).
    pub device_authorization_endpoint: Option<Endpoint>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<Endpoint>,
    /// Where the server says who logged in (OpenID Connect Core §5.3).
    pub userinfo_endpoint: Option<Endpoint>,
    /// Where the server sends the browser back to; `http://127.0.0.1/callback` if not set. If it names a port loom
    /// listens on that port only, else on any free one.
    pub redirect_uri: Option<String>,
    /// Further parameters of the URL that the browser is sent to.
    pub authorization_parameters: BTreeMap<String, String>,
    /// The user name that git sends beside a token.
    pub git_username: Option<String>,
}

/// How a client shows its secret to the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// The client does not show a secret, even if it has one.
    None,
    /// The secret is sent in the header `Authorization: Basic` (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// The secret is sent in the request's body.
    ClientSecretPost,
}

impl OAuthSettings {
    /// These settings without issuer and endpoints: used where somebody names another issuer, whose own endpoints
    /// count.
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

    /// Joins two settings: each key has its value from `self`, or from `other` where `self` does not set it.
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
            authorization_parameters: if self.authorization_parameters.is_empty() {
                other.authorization_parameters
            } else {
                self.authorization_parameters
            },
            git_username: self.git_username.or(other.git_username),
        }
    }
}
