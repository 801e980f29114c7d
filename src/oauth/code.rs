//! The authorization code with PKCE (RFC 6749 §4.1, RFC 7636): a browser goes to the server and comes back with a code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use oauth2::{AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::adapter::refused;
use super::{AuthorizationServer, Client, OAuthError, Tokens};
use crate::base::Secret;
use crate::net::Http;

/// A login for which a browser was sent to the server and has not come back.
pub struct Authorization {
    /// The URL to open in the browser.
    pub url: Url,
    redirect_uri: RedirectUrl,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    /// A random value that must stand in the ID token (OpenID Connect Core §3.1.2.1); `None` if the login asks for no
    /// ID token.
    pub nonce: Option<String>,
}

/// The authorization code that a browser brought back, checked to belong to this login.
pub struct Returned(AuthorizationCode);

impl Authorization {
    /// Makes the URL to which a browser is sent; the server sends it back to `redirect_uri`. Fails if the server has no
    /// authorization endpoint.
    pub fn begin(
        server: &AuthorizationServer,
        client: &Client,
        redirect_uri: &Url,
        scopes: &[String],
        resource: Option<&str>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Authorization, OAuthError> {
        let endpoint = server.authorization_endpoint.as_ref().ok_or(OAuthError::NotOffered)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        // Without `openid` there is no ID token that could hold it.
        let wants_id = scopes.iter().any(|scope| scope == "openid");
        let nonce = wants_id.then(|| CsrfToken::new_random().into_secret());
        let redirect_uri = RedirectUrl::from_url(redirect_uri.clone());
        let oauth2 = client.at(&server.token_endpoint).set_auth_uri(AuthUrl::from_url(endpoint.url().clone()));
        let mut request = oauth2
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge)
            .set_redirect_uri(Cow::Borrowed(&redirect_uri))
            .add_scopes(scopes.iter().cloned().map(Scope::new));
        if let Some(nonce) = &nonce {
            request = request.add_extra_param("nonce", nonce.clone());
        }
        if scopes.iter().any(|scope| scope == "offline_access") && !parameters.contains_key("prompt") {
            // Else a provider may leave the refresh token out (OpenID Connect Core §11).
            request = request.add_extra_param("prompt", "consent");
        }
        if let Some(resource) = resource {
            request = request.add_extra_param("resource", resource.to_owned());
        }
        for (name, value) in parameters {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        let (url, state) = request.url();
        Ok(Authorization { url, redirect_uri, state, verifier, nonce })
    }

    /// Where the browser comes back to.
    pub fn redirect_uri(&self) -> &Url {
        self.redirect_uri.url()
    }

    /// Whether this URL is an answer to this login: it has the place of the redirect URI, and the login's `state`.
    pub fn is_answered_by(&self, url: &Url) -> bool {
        let own = self.redirect_uri.url();
        let same_place = url.scheme() == own.scheme()
            && url.host() == own.host()
            && url.port_or_known_default() == own.port_or_known_default()
            && url.path() == own.path();
        let state = parameter(url, "state").map(|state| Secret::new(state.into_owned()));
        same_place && state.is_some_and(|state| state.matches(&Secret::new(self.state.secret().clone())))
    }

    /// Takes the code from the URL to which the server sent the browser back. Fails if it belongs to another login or
    /// server, or if it says why there is no code.
    pub fn returned(&self, server: &AuthorizationServer, url: &Url) -> Result<Returned, OAuthError> {
        if !self.is_answered_by(url) {
            return Err(OAuthError::OtherLogin);
        }
        // Another server's code must not be redeemed at this one (RFC 9207 §2.4).
        match parameter(url, "iss") {
            Some(said) if server.is_vouched_for && !is_named(&said, &server.issuer) => {
                return Err(OAuthError::OtherIssuer { expected: server.issuer.clone(), said: said.into_owned() });
            }
            None if server.names_itself => return Err(OAuthError::OtherLogin),
            Some(_) | None => {}
        }
        if let Some(code) = parameter(url, "error") {
            return Err(OAuthError::said(&code, parameter(url, "error_description").as_deref()));
        }
        let code = parameter(url, "code").filter(|code| !code.is_empty()).ok_or(OAuthError::NotOAuth)?;
        Ok(Returned(AuthorizationCode::new(code.into_owned())))
    }

    /// Exchanges the code for tokens (RFC 6749 §4.1.3).
    pub async fn redeem(
        self,
        http: &Http,
        server: &AuthorizationServer,
        client: &Client,
        returned: Returned,
    ) -> Result<Tokens, OAuthError> {
        let oauth2 = client.at(&server.token_endpoint);
        let request = oauth2
            .exchange_code(returned.0)
            .set_pkce_verifier(self.verifier)
            .set_redirect_uri(Cow::Owned(self.redirect_uri));
        Tokens::taken(&request.request_async(&client.over(http)).await.map_err(refused)?)
    }
}

/// The characters that are encoded: all but those that RFC 3986 §2.3 leaves as they are.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether this text is the issuer's name (RFC 9207 §2.4). Some servers encode it twice when they send it in a form.
fn is_named(said: &str, issuer: &str) -> bool {
    said == issuer || said == utf8_percent_encode(issuer, RESERVED).to_string()
}

/// The parameter with this name, if it stands in the query exactly once. Of two it would be unclear which one is meant.
fn parameter<'a>(url: &'a Url, name: &str) -> Option<Cow<'a, str>> {
    let mut found = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Endpoint, OAuthSettings};

    fn server(names_itself: bool) -> AuthorizationServer {
        let settings = OAuthSettings {
            issuer: Some("https://as.example".into()),
            token_endpoint: Endpoint::parse("https://as.example/token").ok(),
            authorization_endpoint: Endpoint::parse("https://as.example/auth").ok(),
            ..OAuthSettings::default()
        };
        AuthorizationServer {
            names_itself,
            is_vouched_for: true,
            ..AuthorizationServer::from_settings(&settings).unwrap()
        }
    }

    fn begun() -> Authorization {
        let client = Client::public("c".into());
        let redirect = Url::parse("http://127.0.0.1:4711/callback").unwrap();
        Authorization::begin(&server(true), &client, &redirect, &["openid".into()], None, &BTreeMap::new()).unwrap()
    }

    #[test]
    fn the_browser_is_sent_away_with_s256_state_and_nonce() {
        let begun = begun();
        assert_eq!(parameter(&begun.url, "code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(parameter(&begun.url, "nonce").as_deref(), begun.nonce.as_deref());
        assert!(parameter(&begun.url, "state").unwrap().len() >= 16);
        assert_eq!(parameter(&begun.url, "redirect_uri").as_deref(), Some("http://127.0.0.1:4711/callback"));
    }

    #[test]
    fn only_the_answer_to_this_login_by_this_server_is_taken() {
        let (begun, server) = (begun(), server(true));
        let state = begun.state.secret();
        let returned = |text: String| begun.returned(&server, &Url::parse(&text).unwrap());
        let good = format!("http://127.0.0.1:4711/callback?code=c&state={state}&iss=https://as.example");
        assert!(returned(good.clone()).is_ok());
        assert!(returned(good.replace("https://as", "https%253A%252F%252Fas")).is_ok());
        for bad in [
            good.replace(state.as_str(), "other"),
            good.replace("/callback", "/elsewhere"),
            good.replace("4711", "4712"),
            good.replace("127.0.0.1", "127.0.0.2"),
            good.replace("as.example", "evil.example"),
            good.replace("as.example", "as%252Eexample"),
            good.replace("&iss=https://as.example", ""),
            good.replace("code=c&", ""),
            good.clone() + "&state=" + state,
            good.clone() + "&code=d",
            good + "&error=access_denied",
        ] {
            assert!(returned(bad.clone()).is_err(), "{bad}");
        }
    }
}
