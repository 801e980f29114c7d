//! The device login of Loom servers: like RFC 8628 in idea, with its own paths and answers.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::base::{Secret, ServerUrl, printable};
use crate::net::{Answer, Http, HttpError};
use crate::wire::Revocation;

/// The pause between two polls that Loom servers expect.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// The longest time that a code is valid, in seconds, whatever the server claims; [`DEFAULT_LIFE`] where it claims
/// nothing.
const MAX_LIFE: u64 = 1800;
const DEFAULT_LIFE: u64 = 300;

/// The longest user code that is shown; real ones have a dozen characters.
const MAX_USER_CODE: usize = 64;

/// A login that waits for a person to approve it on a page.
pub struct Started {
    device_code: Secret,
    /// The code that the person compares or types on the page, made printable.
    pub user_code: String,
    /// The page.
    pub verification_url: Url,
    /// How long the code is valid, at most 30 minutes.
    pub expires_in: Duration,
}

/// The outcome of one poll.
pub enum Poll {
    /// The person has not decided yet.
    Pending,
    /// The person approved; this is the token.
    Completed(Secret),
    /// The code has expired.
    Expired,
    /// The server is busy or broken for now. It may be asked again, not before this pause if it names one.
    Trouble(Option<Duration>),
}

/// Why a login at a Loom server cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DialectError {
    /// There is no usable answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answers are not those of a Loom server.
    #[error("not a Loom server")]
    NotLoom,
    /// The server redirects to another address, to which nothing is sent.
    #[error("the server redirects")]
    Redirect,
    /// The server refused with this HTTP status.
    #[error("the server refused ({0})")]
    Refused(u16),
    /// The page is neither `https` nor `http` at the server itself.
    #[error("the server's verification URL is not safe to show")]
    BadVerificationUrl,
    /// The token cannot stand in a header.
    #[error("the server's token cannot be used")]
    BadToken,
}

/// Begins a login: `POST /auth/device/start`.
pub async fn start(http: &Http, server: &ServerUrl) -> Result<Started, DialectError> {
    #[derive(Deserialize)]
    struct Body {
        device_code: Secret,
        user_code: String,
        verification_url: String,
        #[serde(default)]
        expires_in: Value,
    }
    let answer = Answer::to(http.post(&server.endpoint("/auth/device/start"))).await?;
    match answer.status {
        status if status.is_success() => {}
        status if status.is_redirection() => return Err(DialectError::Redirect),
        status if status.as_u16() == 404 || status.as_u16() == 405 => return Err(DialectError::NotLoom),
        status => return Err(DialectError::Refused(status.as_u16())),
    }
    let body: Body = answer.json().ok_or(DialectError::NotLoom)?;
    let user_code = printable(&body.user_code);
    if user_code.is_empty() || user_code.len() > MAX_USER_CODE {
        return Err(DialectError::NotLoom);
    }
    Ok(Started {
        device_code: body.device_code,
        user_code,
        verification_url: verification_url(server, &body.verification_url)?,
        expires_in: life(&body.expires_in),
    })
}

/// Asks once whether the login was approved: `POST /auth/device/poll`. Passing trouble is no error but
/// [`Poll::Trouble`].
pub async fn poll(http: &Http, server: &ServerUrl, login: &Started) -> Result<Poll, DialectError> {
    #[derive(Deserialize)]
    #[serde(tag = "status", rename_all = "lowercase")]
    enum Body {
        Pending,
        Completed { access_token: String },
        Expired,
    }
    let body = json!({ "device_code": login.device_code.expose() }).to_string();
    let request =
        http.post(&server.endpoint("/auth/device/poll")).header("content-type", "application/json").body(body);
    let answer = match Answer::to(request).await {
        Ok(answer) => answer,
        Err(HttpError::Unreachable(_) | HttpError::Lost(_)) => return Ok(Poll::Trouble(None)),
        Err(error) => return Err(error.into()),
    };
    match answer.status {
        status if status.is_success() => {}
        status if status.is_redirection() => return Err(DialectError::Redirect),
        status if status.as_u16() == 429 || status.is_server_error() => return Ok(Poll::Trouble(answer.retry_after())),
        status => return Err(DialectError::Refused(status.as_u16())),
    }
    match answer.json() {
        Some(Body::Pending) => Ok(Poll::Pending),
        Some(Body::Completed { access_token }) => {
            Secret::token(access_token).map(Poll::Completed).ok_or(DialectError::BadToken)
        }
        Some(Body::Expired) => Ok(Poll::Expired),
        // A proxy's page, perhaps: the code is still good.
        None => Ok(Poll::Trouble(None)),
    }
}

/// Asks the server to end the token: `POST /auth/logout`.
pub async fn logout(http: &Http, server: &ServerUrl, token: &Secret) -> Revocation {
    let request = http.post(&server.endpoint("/auth/logout")).bearer_auth(token.expose());
    let Ok(answer) = Answer::to(request).await else { return Revocation::Pending };
    match answer.status {
        // A site that shows its front page for every path has revoked nothing.
        status if status.is_success() && answer.is_html() => Revocation::NotSupported,
        status if status.is_success() => Revocation::Revoked,
        status if status.as_u16() == 401 => Revocation::AlreadyInvalid,
        status if status.as_u16() == 429 || status.is_server_error() => Revocation::Pending,
        _ => Revocation::NotSupported,
    }
}

/// A page to which a person may be sent: `https`, or `http` at the server's own host, whose `http` the person accepted.
fn verification_url(server: &ServerUrl, text: &str) -> Result<Url, DialectError> {
    let url = Url::parse(text).map_err(|_| DialectError::BadVerificationUrl)?;
    let same_host = url.host_str() == Some(server.host()) && url.scheme() == server.scheme();
    let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && same_host);
    let plain = url.username().is_empty() && url.password().is_none() && url.host_str().is_some();
    (scheme_fits && plain).then_some(url).ok_or(DialectError::BadVerificationUrl)
}

fn life(claimed: &Value) -> Duration {
    let seconds = match claimed.as_f64() {
        Some(seconds) if seconds >= 1.0 => (seconds as u64).min(MAX_LIFE),
        _ => DEFAULT_LIFE,
    };
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_shown_only_over_a_scheme_as_safe_as_the_servers() {
        let safe = |server: &str, url: &str| verification_url(&ServerUrl::parse(server).unwrap(), url).is_ok();
        assert!(safe("https://a.example", "https://login.example/device"));
        assert!(safe("http://127.0.0.1:1", "http://127.0.0.1:1/device"));
        for bad in [
            "http://a.example/device",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "--version",
            "",
            "http://b.example",
            "https://u:p@a.example",
        ] {
            assert!(!safe("https://a.example", bad), "{bad}");
        }
    }

    #[test]
    fn the_life_of_a_code_is_bounded_whatever_the_server_claims() {
        let seconds = |value: Value| life(&value).as_secs();
        assert_eq!(seconds(json!(600)), 600);
        assert_eq!(seconds(json!(1e300)), MAX_LIFE);
        for odd in [json!(-5), json!(0), json!(null), json!("soon"), json!({})] {
            assert_eq!(seconds(odd), DEFAULT_LIFE);
        }
    }
}
