//! Who loom is at an authorization server, and how that is shown (RFC 6749 §2.3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oauth2::{AsyncHttpClient, ClientId, ClientSecret, HttpRequest, HttpResponse, TokenUrl};
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use super::adapter::{Sending, send};
use super::tokens::OAuth2Client;
use crate::base::{Endpoint, Secret, Terms, TokenEndpointAuthMethod};
use crate::net::{Http, HttpError, Object};

/// The client as which loom speaks to an authorization server, with its secret if it has one (RFC 6749 §2).
#[derive(Clone, Debug)]
pub struct Client {
    /// The client's id (RFC 6749 §2.2).
    pub id: String,
    /// Its secret; `None` for a public client.
    pub secret: Option<Secret>,
    /// Whether the secret goes into the request's body and not into a header. Clones share what one of them finds out.
    in_body: Arc<AtomicBool>,
}

impl Client {
    /// A client. `in_body` says whether its secret is first tried in the request's body, else in a header.
    pub fn new(id: String, secret: Option<Secret>, in_body: bool) -> Client {
        Client { id, secret, in_body: Arc::new(AtomicBool::new(in_body)) }
    }

    /// A client without a secret, as programs on a person's machine have (RFC 6749 §2.1).
    pub fn public(id: String) -> Client {
        Client::new(id, None, false)
    }

    /// The client that a login was made with.
    pub fn of(terms: &Terms) -> Client {
        Client::new(terms.client_id.clone(), terms.client_secret.clone(), terms.secret_in_body)
    }

    /// This client with a way to show its secret that somebody chose; with [`TokenEndpointAuthMethod::None`] it has no
    /// secret.
    pub fn showing(self, method: TokenEndpointAuthMethod) -> Client {
        let secret = self.secret.filter(|_| method != TokenEndpointAuthMethod::None);
        Client::new(self.id, secret, method == TokenEndpointAuthMethod::ClientSecretPost)
    }

    /// Whether the secret goes into the request's body, as far as is known by now: a request that the server refused
    /// may have changed it.
    pub fn shows_in_body(&self) -> bool {
        self.in_body.load(Ordering::Relaxed)
    }

    /// The crate's client for this endpoint. How its requests show the secret is put right by [`AsClient`].
    pub(super) fn at(&self, token_endpoint: &Endpoint) -> OAuth2Client {
        let client = oauth2::Client::new(ClientId::new(self.id.clone()));
        let client = match &self.secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        };
        client.set_token_uri(TokenUrl::from_url(token_endpoint.url().clone()))
    }

    pub(super) fn over(&self, http: &Http) -> AsClient<fn(HttpRequest) -> HttpRequest> {
        self.changing(http, |request| request)
    }

    /// Sends the requests of the crate as this client, and edits each one first, for what the crate has no way to say.
    pub(super) fn changing<F: Fn(HttpRequest) -> HttpRequest>(&self, http: &Http, change: F) -> AsClient<F> {
        AsClient { http: http.clone(), client: self.clone(), change }
    }

    /// Sends a request with the secret where the server wants it. Metadata may leave that open or be wrong: if the
    /// server does not know the client, it has decided nothing, and is asked once more the other way.
    pub(super) async fn send(&self, http: &Http, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Some(secret) = &self.secret else { return send(http, request).await };
        let in_body = self.shows_in_body();
        let answer = send(http, self.shown(&request, secret, in_body)).await?;
        if !is_unknown_client(&answer) {
            return Ok(answer);
        }
        let again = send(http, self.shown(&request, secret, !in_body)).await?;
        if is_unknown_client(&again) {
            return Ok(answer);
        }
        self.in_body.store(!in_body, Ordering::Relaxed);
        Ok(again)
    }

    /// The request with the secret in its body or its header. In a header id and secret are encoded, so that a colon in
    /// the id does not separate them (RFC 6749 §2.3.1).
    fn shown(&self, request: &HttpRequest, secret: &Secret, in_body: bool) -> HttpRequest {
        let mut request = request.clone();
        request.headers_mut().remove(AUTHORIZATION);
        let shown = |name: &str| matches!(name, "client_id" | "client_secret");
        let said = url::form_urlencoded::parse(request.body());
        let mut form = Serializer::new(String::new());
        form.extend_pairs(said.filter(|(name, _)| !shown(name)));
        if in_body {
            form.append_pair("client_id", &self.id).append_pair("client_secret", secret.expose());
        } else {
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Zeroizing::new(format!("{}:{}", encoded(&self.id), encoded(secret.expose())));
            let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            // Base64 stands in every header.
            if let Ok(mut value) = ::http::HeaderValue::from_str(&value) {
                value.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        }
        let body = form.finish().into_bytes();
        request.map(|_| body)
    }
}

/// Sends the crate's requests as this client.
pub(super) struct AsClient<F> {
    http: Http,
    client: Client,
    change: F,
}

impl<'a, F: Fn(HttpRequest) -> HttpRequest> AsyncHttpClient<'a> for AsClient<F> {
    type Error = HttpError;
    type Future = Sending<'a>;

    fn call(&'a self, request: HttpRequest) -> Sending<'a> {
        let request = (self.change)(request);
        Box::pin(self.client.send(&self.http, request))
    }
}

/// Whether the server does not know the client, or not this way (RFC 6749 §5.2). Some say so only by the status.
fn is_unknown_client(answer: &HttpResponse) -> bool {
    let body = Object::parse(answer.body());
    let says = |error: &str| body.as_ref().is_some_and(|body| body.text("error") == Some(error));
    let wordless = says("HTTP 403") || answer.status() == ::http::StatusCode::UNAUTHORIZED;
    !answer.status().is_success() && (wordless || says("invalid_client") || says("unauthorized_client"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_in_one_place_and_encoded_there() {
        let secret = Secret::new("s:e+c%r é".into());
        let client = Client::new("my:id".into(), Some(secret.clone()), false);
        let mut request = HttpRequest::new(b"grant_type=client_credentials&client_id=my%3Aid&scope=a+b".to_vec());
        request.headers_mut().insert(AUTHORIZATION, "Basic old".parse().unwrap());
        let header = client.shown(&request, &secret, false);
        let basic = header.headers()[AUTHORIZATION].to_str().unwrap().strip_prefix("Basic ").unwrap();
        assert_eq!(STANDARD.decode(basic).unwrap(), b"my%3Aid:s%3Ae%2Bc%25r+%C3%A9");
        assert_eq!(header.body(), b"grant_type=client_credentials&scope=a+b");
        let body = client.shown(&header, &secret, true);
        assert!(!body.headers().contains_key(AUTHORIZATION));
        let form: Vec<_> = url::form_urlencoded::parse(body.body()).into_owned().collect();
        let has = |name: &str, value: &str| form.contains(&(name.to_owned(), value.to_owned()));
        assert!(has("client_id", "my:id"), "{form:?}");
        assert!(has("client_secret", "s:e+c%r é"), "{form:?}");
        assert!(has("scope", "a b"), "{form:?}");
    }
}
