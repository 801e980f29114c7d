//! How to log in at a server, found out step by step: what is said in the settings, what the server says of itself.
//!
//! The server is asked two things at once: what protects it (a 401 with `resource_metadata`, RFC 9728), and whether it
//! is an authorization server itself (OpenID Connect Discovery, RFC 8414; below its path, then that path's parents, up
//! to its origin). What one document leaves out another of the same issuer may say. Metadata that name another issuer
//! are an error, as is an endpoint in clear.

use ::http::StatusCode;
use url::Url;

use super::{AuthorizationServer, OAuthError};
use crate::base::{Endpoint, OAuthSettings, ServerUrl};
use crate::net::{Answer, Http, HttpError, Object};

/// How many levels of a server's path are tried.
const MAX_PARENTS: usize = 3;

/// How to get tokens for a server.
pub struct Found {
    /// The server that issues them.
    pub authorization_server: AuthorizationServer,
    /// The protected server's own name (RFC 9728 §2), for which tokens are asked (RFC 8707).
    pub resource: Option<String>,
    /// The scopes that the protected server lists; empty if it lists none.
    pub scopes: Vec<String>,
}

/// Finds out which authorization server issues tokens for `server`; `None` if nothing is published.
///
/// Settings that name endpoints or an issuer decide. Otherwise the server is asked two things at once: what protects it
/// (RFC 9728), and whether it is an authorization server itself (RFC 8414, OpenID Connect Discovery).
pub async fn find(http: &Http, server: &ServerUrl, settings: &OAuthSettings) -> Result<Option<Found>, OAuthError> {
    let found = |authorization_server: AuthorizationServer| Found {
        authorization_server: authorization_server.amended(settings),
        resource: None,
        scopes: Vec::new(),
    };
    if let Some(authorization_server) = AuthorizationServer::from_settings(settings) {
        return Ok(Some(found(authorization_server)));
    }
    if let Some(issuer) = &settings.issuer {
        let metadata = of_issuer(http, issuer).await?.ok_or(OAuthError::NotOAuth)?;
        return Ok(Some(found(metadata)));
    }
    // OAuth is not for servers in clear, whoever allowed them.
    if Endpoint::parse(&server.to_string()).is_err() {
        return Ok(None);
    }
    let (protected, own) = tokio::join!(protected_by(http, server), of_server(http, server));
    if let Some((resource, issuer)) = protected? {
        let metadata = of_issuer(http, &issuer).await?.ok_or(OAuthError::NotOAuth)?;
        return Ok(Some(Found { resource: Some(resource.0), scopes: resource.1, ..found(metadata) }));
    }
    Ok(own?.map(found))
}

/// The metadata at the server itself: below its path, else below each parent of that, up to its origin. So the software
/// that serves a repository is found wherever it lives.
async fn of_server(http: &Http, server: &ServerUrl) -> Result<Option<AuthorizationServer>, OAuthError> {
    let origin = server.origin().to_string();
    let parents = std::iter::successors(Some(server.path().trim_matches('/')), |path| {
        path.rsplit_once('/').map(|(parent, _)| parent)
    });
    let below = parents.filter(|path| !path.is_empty()).take(MAX_PARENTS).map(|path| format!("{origin}/{path}"));
    let mut other = None;
    for issuer in below.chain([origin.clone()]) {
        match of_issuer(http, &issuer).await {
            Ok(None) => {}
            // Some answer the same below every path; the right one may yet come.
            Err(error @ OAuthError::OtherIssuer { .. }) => other = other.or(Some(error)),
            found => return found,
        }
    }
    other.map_or(Ok(None), Err)
}

/// The metadata of an issuer, at the places where standards put them.
async fn of_issuer(http: &Http, issuer: &str) -> Result<Option<AuthorizationServer>, OAuthError> {
    let endpoint = Endpoint::parse(issuer).map_err(|_| OAuthError::UnsafeUrl)?;
    let path = endpoint.url().path().trim_end_matches('/').to_owned();
    let mut places = vec![
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ];
    if !path.is_empty() {
        // Where RFC 8414 §5 has OpenID's, and where software that knows one of both rules puts its own.
        places.push(format!("/.well-known/openid-configuration{path}"));
        places.push(format!("{path}/.well-known/oauth-authorization-server"));
    }
    let mut found: Option<AuthorizationServer> = None;
    for well_known in places {
        if found.as_ref().is_some_and(AuthorizationServer::says_all) {
            break;
        }
        let mut url: Url = endpoint.url().clone();
        url.set_path(&well_known);
        url.set_query(None);
        let said = match fetch(http, url.as_str()).await {
            Ok(Some(metadata)) => AuthorizationServer::from_metadata(&endpoint, &metadata),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        found = match (found, said) {
            // Some name in the one document what they leave out of the other.
            (Some(own), Ok(Some(other))) => Some(own.completed_by(other)),
            (Some(own), _) => Some(own),
            (None, said) => said?,
        };
    }
    Ok(found)
}

type Resource = (String, Vec<String>);

/// What a 401 of the server says about who gives tokens for it: the resource, its scopes, and the first issuer.
async fn protected_by(http: &Http, server: &ServerUrl) -> Result<Option<(Resource, String)>, OAuthError> {
    let answer = Answer::to(http.get(&server.endpoint("/"))).await?;
    if answer.status != StatusCode::UNAUTHORIZED {
        return Ok(None);
    }
    let Some(url) = answer.challenges().find_map(resource_metadata) else { return Ok(None) };
    let own = Endpoint::parse(&server.to_string()).map_err(|_| OAuthError::UnsafeUrl)?;
    let url = own.named_by(&url).map_err(|_| OAuthError::UnsafeUrl)?;
    // Metadata speak for the server only if the server itself gives them (RFC 9728 §3.3).
    if !url.is_at(server) {
        return Err(OAuthError::OtherIssuer { expected: server.to_string(), said: url.to_string() });
    }
    let metadata = fetch(http, url.as_str()).await?.ok_or(OAuthError::NotOAuth)?;
    let resource = metadata.text("resource").unwrap_or_default();
    if !Endpoint::parse(resource).is_ok_and(|resource| resource.is_at(server)) {
        return Err(OAuthError::OtherIssuer { expected: server.to_string(), said: resource.to_owned() });
    }
    let issuer = metadata.texts("authorization_servers").into_iter().next().ok_or(OAuthError::NotOAuth)?;
    own.named_by(&issuer).map_err(|_| OAuthError::UnsafeUrl)?;
    Ok(Some(((resource.to_owned(), metadata.texts("scopes_supported")), issuer)))
}

/// The parameter `resource_metadata` of a challenge (RFC 9728 §5.1).
fn resource_metadata(challenges: &str) -> Option<String> {
    let challenges = http_auth::parse_challenges(challenges).ok()?;
    let mut parameters = challenges.iter().flat_map(|challenge| &challenge.params);
    let (_, value) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("resource_metadata"))?;
    Some(value.to_unescaped())
}

/// The JSON object at this URL; `None` for every other answer, since a server without metadata may answer anything.
async fn fetch(http: &Http, url: &str) -> Result<Option<Object>, OAuthError> {
    let answer = match Answer::to(http.get(url)).await {
        Ok(answer) => answer,
        Err(HttpError::TooLong) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(answer.object().filter(|_| answer.status == StatusCode::OK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_metadata_is_found_among_other_challenges() {
        let said =
            r#"Basic realm="x", Bearer error="invalid_token", resource_metadata="https://a.example/.well-known/p""#;
        assert_eq!(resource_metadata(said).as_deref(), Some("https://a.example/.well-known/p"));
        for none in ["Basic realm=\"resource_metadata=x\"", "Bearer", "", "\u{1}"] {
            assert_eq!(resource_metadata(none), None, "{none}");
        }
    }
}
