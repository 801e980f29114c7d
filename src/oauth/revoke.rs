//! Ending tokens at the server (RFC 7009).

use ::http::Uri;
use oauth2::{AccessToken, HttpRequest, RefreshToken, RevocationUrl, StandardRevocableToken};

use super::Client;
use super::adapter::refused;
use crate::base::{Secret, Terms};
use crate::net::Http;
use crate::wire::Revocation;

/// Asks the server to revoke both tokens (RFC 7009). The refresh token comes first, since most servers end with it what
/// came of it.
pub async fn revoke(http: &Http, terms: &Terms, access: &Secret, refresh: Option<&Secret>) -> Revocation {
    let Some(endpoint) = &terms.revocation_endpoint else { return Revocation::NotSupported };
    // The crate takes https alone; on this machine http is as good, here as for every other request.
    let mut url = endpoint.url().clone();
    let in_clear = url.scheme() == "http" && url.set_scheme("https").is_ok();
    let as_named: Option<Uri> = endpoint.as_str().parse().ok().filter(|_| in_clear);
    let client = Client::of(terms);
    let oauth2 = client.at(&terms.token_endpoint).set_revocation_url(RevocationUrl::from_url(url));
    let change = move |mut request: HttpRequest| {
        if let Some(uri) = &as_named {
            *request.uri_mut() = uri.clone();
        }
        request
    };
    let as_meant = client.changing(http, change);
    let refresh = refresh.map(|token| RefreshToken::new(token.expose().to_owned()).into());
    let access = StandardRevocableToken::from(AccessToken::new(access.expose().to_owned()));
    let mut outcome = None;
    for token in refresh.into_iter().chain([access]) {
        let Ok(request) = oauth2.revoke_token(token) else { return Revocation::NotSupported };
        match request.request_async(&as_meant).await.map_err(refused) {
            Ok(()) => outcome = outcome.or(Some(Revocation::Revoked)),
            Err(error) if error.is_passing() => return Revocation::Pending,
            // Some servers end only refresh tokens: then access ends with its short life.
            Err(_) => outcome = outcome.or(Some(Revocation::NotSupported)),
        }
    }
    outcome.unwrap_or(Revocation::NotSupported)
}
