//! New access tokens from what was granted once: refresh (RFC 6749 §6), client credentials (§4.4), exchange (RFC 8693).

use oauth2::{HttpRequest, RefreshToken, Scope};

use super::adapter::refused;
use super::{AuthorizationServer, Client, OAuthError, Tokens};
use crate::base::{Endpoint, Secret, Terms, TermsKind};
use crate::net::{Http, HttpError};

/// What a new token is wanted for, where it is not what the login was made for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wish {
    /// The scopes; empty means those of the login.
    pub scopes: Vec<String>,
    /// The server that the token is for (RFC 8707).
    pub resource: Option<String>,
    /// The service that the token is for, by the name that the authorization server has for it (RFC 8693 §2.1).
    pub audience: Option<String>,
}

impl Wish {
    /// Whether nothing in particular is wished for.
    pub fn is_nothing(&self) -> bool {
        *self == Wish::default()
    }
}

/// Asks for the first token of a client that logs in with its own secret (RFC 6749 §4.4).
pub async fn machine(
    http: &Http,
    server: &AuthorizationServer,
    client: &Client,
    wish: &Wish,
) -> Result<Tokens, OAuthError> {
    by_client_credentials(http, client, &server.token_endpoint, wish).await
}

async fn by_client_credentials(
    http: &Http,
    client: &Client,
    token_endpoint: &Endpoint,
    wish: &Wish,
) -> Result<Tokens, OAuthError> {
    let oauth2 = client.at(token_endpoint);
    let scopes = wish.scopes.iter().cloned().map(Scope::new);
    let mut request = oauth2.exchange_client_credentials().add_scopes(scopes);
    for (name, value) in [("resource", &wish.resource), ("audience", &wish.audience)] {
        if let Some(value) = value {
            request = request.add_extra_param(name, value.clone());
        }
    }
    Tokens::taken(&request.request_async(&client.over(http)).await.map_err(refused)?)
}

/// Asks for a new access token. If the answer is lost the request is sent once more, since the server may have replaced
/// the refresh token and many accept the old one for a moment. A third time would look like theft.
pub async fn renew(
    http: &Http,
    client: &Client,
    terms: &Terms,
    refresh: Option<&Secret>,
    wish: &Wish,
) -> Result<Tokens, OAuthError> {
    match once(http, client, terms, refresh, wish).await {
        Err(OAuthError::Http(HttpError::Lost(_))) => once(http, client, terms, refresh, wish).await,
        other => other,
    }
}

async fn once(
    http: &Http,
    client: &Client,
    terms: &Terms,
    refresh: Option<&Secret>,
    wish: &Wish,
) -> Result<Tokens, OAuthError> {
    let resource = wish.resource.clone().or(terms.resource.clone());
    match (terms.kind, refresh) {
        (TermsKind::Machine, _) => {
            let scopes = if wish.scopes.is_empty() { terms.scopes.clone() } else { wish.scopes.clone() };
            let wish = Wish { scopes, resource, audience: wish.audience.clone() };
            by_client_credentials(http, client, &terms.token_endpoint, &wish).await
        }
        (TermsKind::Person, Some(refresh)) => {
            let oauth2 = client.at(&terms.token_endpoint);
            let token = RefreshToken::new(refresh.expose().to_owned());
            // Without a scope it is what was granted (RFC 6749 §6).
            let mut request =
                oauth2.exchange_refresh_token(&token).add_scopes(wish.scopes.iter().cloned().map(Scope::new));
            if let Some(resource) = resource {
                request = request.add_extra_param("resource", resource);
            }
            Tokens::taken(&request.request_async(&client.over(http)).await.map_err(refused)?)
        }
        (TermsKind::Person, None) => Err(OAuthError::NotOffered),
    }
}

/// Exchanges an access token for one that another service takes (RFC 8693). Fails if the server does not offer that.
pub async fn exchange(http: &Http, terms: &Terms, access: &Secret, wish: &Wish) -> Result<Tokens, OAuthError> {
    const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
    if !terms.exchange {
        return Err(OAuthError::NotOffered);
    }
    let client = Client::of(terms);
    let oauth2 = client.at(&terms.token_endpoint);
    // The crate has no request of this name; a refresh with another `grant_type` is none either, so it is made of the
    // client credentials' parts, which carry nothing but what is said here.
    let mut request = oauth2
        .exchange_client_credentials()
        .add_scopes(wish.scopes.iter().cloned().map(Scope::new))
        .add_extra_param("subject_token", access.expose().to_owned())
        .add_extra_param("subject_token_type", ACCESS_TOKEN)
        .add_extra_param("requested_token_type", ACCESS_TOKEN);
    for (name, value) in [("resource", &wish.resource), ("audience", &wish.audience)] {
        if let Some(value) = value {
            request = request.add_extra_param(name, value.clone());
        }
    }
    let as_exchange = client.changing(http, |request: HttpRequest| request.map(name_the_grant));
    Tokens::taken(&request.request_async(&as_exchange).await.map_err(refused)?)
}

fn name_the_grant(body: Vec<u8>) -> Vec<u8> {
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let pairs = url::form_urlencoded::parse(&body);
    let pairs = pairs.map(|(name, value)| match &*name {
        "grant_type" => (name, exchange.into()),
        _ => (name, value),
    });
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_named_as_one() {
        let body = name_the_grant(b"grant_type=client_credentials&subject_token=a%26b".to_vec());
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=a%26b"
        );
    }
}
