use jiff::ToSpan;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::OAuthError;
use crate::base::{Endpoint, Expiry, Secret, clock, reveal_some};

/// What a token endpoint gave (RFC 6749 §5.1).
#[derive(Debug)]
pub struct Tokens {
    pub access: Secret,
    pub expires: Option<Expiry>,
    pub refresh: Option<Secret>,
    /// What was granted; absent where it is what was asked for.
    pub scopes: Option<Vec<String>>,
    /// The ID token as it came (OpenID Connect Core §3.1.3.3).
    pub id_token: Option<Secret>,
}

/// Who loom is at an authorization server.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub secret: Option<Secret>,
    /// How the secret is shown: in a header, or in the body (RFC 6749 §2.3.1).
    pub secret_in_body: bool,
}

/// What an answer may hold beside the standard's own fields.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Extra {
    #[serde(default, with = "reveal_some")]
    id_token: Option<Secret>,
}

impl ExtraTokenFields for Extra {}

pub(super) type Response = StandardTokenResponse<Extra, BasicTokenType>;

pub(super) type OAuth2Client = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Client {
    pub(super) fn at(&self, token_endpoint: &Endpoint) -> OAuth2Client {
        let client = oauth2::Client::new(ClientId::new(self.id.clone()));
        let client = match &self.secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        };
        let shown = if self.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        client.set_auth_type(shown).set_token_uri(TokenUrl::from_url(token_endpoint.url().clone()))
    }
}

impl Tokens {
    /// Only bearer tokens that can stand in a header are taken: nothing else is stored, nothing else is sent.
    pub(super) fn taken(response: &Response) -> Result<Tokens, OAuthError> {
        let token = |text: &str| Secret::token(text.to_owned()).ok_or(OAuthError::BadToken);
        if *response.token_type() != BasicTokenType::Bearer {
            return Err(OAuthError::BadToken);
        }
        let expires = response.expires_in().and_then(|life| {
            let seconds = i64::try_from(life.as_secs()).ok()?;
            Expiry::from_unix(clock::now().checked_add(seconds.seconds()).ok()?.as_second())
        });
        Ok(Tokens {
            access: token(response.access_token().secret())?,
            expires,
            refresh: response.refresh_token().map(|refresh| token(refresh.secret())).transpose()?,
            scopes: response.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
            id_token: response.extra_fields().id_token.clone(),
        })
    }
}
