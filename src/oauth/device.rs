//! The device code (RFC 8628): a person approves at a page, on whatever machine they like.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::StatusCode;
use oauth2::{
    AsyncHttpClient, DeviceAuthorizationUrl, HttpRequest, HttpResponse, Scope, StandardDeviceAuthorizationResponse,
};
use tokio::sync::{Notify, watch};

use super::adapter::{Sending, refused};
use super::{AuthorizationServer, Client, OAuthError, Tokens};
use crate::base::{Endpoint, printable};
use crate::net::{Http, HttpError};

/// The longest pause between two polls, whatever `slow_down` adds up to.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// The longest user code that is shown; real ones have a dozen characters.
const MAX_USER_CODE: usize = 64;

/// A login that waits for a person to approve it on a page.
pub struct Started {
    answer: StandardDeviceAuthorizationResponse,
    /// The code that the person types on the page, made printable.
    pub user_code: String,
    /// The page.
    pub verification_uri: Endpoint,
    /// The page with the code in its URL, for a phone that reads it from the screen. `None` if the server gave none, or
    /// one at another place than the page.
    pub verification_uri_complete: Option<Endpoint>,
}

/// What can be observed of a login while it waits.
pub struct Progress {
    /// Notified when a poll failed because the server is in trouble; it is polled again later.
    pub trouble: Notify,
    /// Whether a poll is under way, which must not be cancelled: an answer with tokens comes only once.
    asking: watch::Sender<bool>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { trouble: Notify::new(), asking: watch::Sender::new(true) }
    }
}

impl Progress {
    /// Returns as soon as no poll is under way. Only then may the wait be cancelled, since an answer with tokens comes
    /// only once.
    pub async fn rests(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.asking.subscribe().wait_for(|asking| !asking).await;
    }
}

impl Started {
    /// How long the code is valid, at most 30 minutes.
    pub fn expires_in(&self) -> Duration {
        self.answer.expires_in()
    }
}

/// Asks the server for a code (RFC 8628 §3.1). Fails if the server has no endpoint for it, or answers with pages that
/// are not safe to show.
pub async fn start(
    http: &Http,
    server: &AuthorizationServer,
    client: &Client,
    scopes: &[String],
    resource: Option<&str>,
) -> Result<Started, OAuthError> {
    let endpoint = server.device_authorization_endpoint.as_ref().ok_or(OAuthError::NotOffered)?;
    let url = DeviceAuthorizationUrl::from_url(endpoint.url().clone());
    let oauth2 = client.at(&server.token_endpoint).set_device_authorization_url(url);
    let mut request = oauth2.exchange_device_code().add_scopes(scopes.iter().cloned().map(Scope::new));
    if let Some(resource) = resource {
        request = request.add_extra_param("resource", resource.to_owned());
    }
    let answer: StandardDeviceAuthorizationResponse =
        request.request_async(&client.over(http)).await.map_err(refused)?;
    let user_code = printable(answer.user_code().secret());
    if user_code.is_empty() || user_code.len() > MAX_USER_CODE {
        return Err(OAuthError::NotOAuth);
    }
    let named = server.token_endpoint.named_by(answer.verification_uri().url().as_str());
    let verification_uri = named.map_err(|_| OAuthError::UnsafeUrl)?;
    // One that lies elsewhere than the other could send a person to somebody else's page: it is left out.
    let complete = answer.verification_uri_complete().and_then(|url| Endpoint::parse(url.secret()).ok());
    let verification_uri_complete = complete.filter(|url| url.url().origin() == verification_uri.url().origin());
    Ok(Started { user_code, verification_uri, verification_uri_complete, answer })
}

/// Polls the server until the person has decided or the code has expired (RFC 8628 §3.4). Passing trouble of the server
/// is waited out.
pub async fn wait(
    http: &Http,
    server: &AuthorizationServer,
    client: &Client,
    started: &Started,
    progress: &Arc<Progress>,
) -> Result<Tokens, OAuthError> {
    let oauth2 = client.at(&server.token_endpoint);
    let polls =
        Polls { http: http.clone(), client: client.clone(), progress: progress.clone(), fatal: Mutex::default() };
    let rest = |pause: Duration| -> Pin<Box<dyn Future<Output = ()> + Send>> {
        progress.asking.send_replace(false);
        Box::pin(tokio::time::sleep(pause.min(MAX_PAUSE)))
    };
    let asked = oauth2.exchange_device_access_token(&started.answer).request_async(&polls, rest, None).await;
    let fatal = polls.fatal.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (asked, fatal) {
        (Ok(response), _) => Tokens::taken(&response),
        (Err(_), Some(fatal)) => Err(fatal.into()),
        (Err(error), None) => Err(refused(error)),
    }
}

/// Sends the polls. The crate polls again after every error of the network, so an error that ends the login is kept
/// here and the crate is given a refusal instead.
struct Polls {
    http: Http,
    client: Client,
    progress: Arc<Progress>,
    fatal: Mutex<Option<HttpError>>,
}

impl<'a> AsyncHttpClient<'a> for Polls {
    type Error = HttpError;
    type Future = Sending<'a>;

    fn call(&'a self, request: HttpRequest) -> Sending<'a> {
        Box::pin(async move {
            self.progress.asking.send_replace(true);
            match self.client.send(&self.http, request).await {
                Err(
                    error @ (HttpError::Redirect | HttpError::TooLong | HttpError::TlsFile(_) | HttpError::Proxy(_)),
                ) => {
                    *self.fatal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    let mut refusal = HttpResponse::default();
                    *refusal.status_mut() = StatusCode::BAD_REQUEST;
                    Ok(refusal)
                }
                Err(error) => {
                    self.progress.trouble.notify_one();
                    Err(error)
                }
                Ok(answer) => Ok(answer),
            }
        })
    }
}
