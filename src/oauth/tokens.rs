//! What a token endpoint answered, as far as loom uses it. A token that is no bearer token, or that could not stand in
//! a header, is refused here, before anybody keeps it.

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    EndpointNotSet, EndpointSet, ExtraTokenFields, StandardRevocableToken, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};

use super::OAuthError;
use crate::base::{Expiry, Secret, clock, reveal_some};

/// The answer of a token endpoint (RFC 6749 §5.1).
#[derive(Debug)]
pub struct Tokens {
    /// The access token, a bearer token.
    pub access: Secret,
    /// When the access token expires, if the server said so.
    pub expires: Option<Expiry>,
    /// The refresh token, if the server gave one.
    pub refresh: Option<Secret>,
    /// What was granted; `None` if it is what was asked for.
    pub scopes: Option<Vec<String>>,
    /// The ID token, unchecked (OpenID Connect Core §3.1.3.3).
    pub id_token: Option<Secret>,
}

/// What an answer may have beside the fields that the crate knows.
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

impl Tokens {
    /// The tokens of an answer. Only bearer tokens that can stand in a header are accepted.
    pub(super) fn taken(response: &Response) -> Result<Tokens, OAuthError> {
        let token = |text: &str| Secret::token(text.to_owned()).ok_or(OAuthError::BadToken);
        if *response.token_type() != BasicTokenType::Bearer {
            return Err(OAuthError::BadToken);
        }
        let expires = response.expires_in().and_then(|life| {
            let seconds = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
            Expiry::at_most(clock::now().as_second().saturating_add(seconds))
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
