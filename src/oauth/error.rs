use crate::base::printable;
use crate::net::HttpError;

/// Why a server gave no token, or no way to one.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Not what the standard says, so its content is not shown.
    #[error("the answer is not one of OAuth")]
    NotOAuth,
    /// An error answer (RFC 6749 §5.2): its code, and what the server says to it.
    #[error("the server says {code}")]
    Said { code: String, description: String },
    /// The metadata are of another server than was asked (RFC 8414 §3.3), or the answer is (RFC 9207 §2.4).
    #[error("the server speaks for {said}")]
    OtherIssuer { expected: String, said: String },
    #[error("the server names a URL that is not safe to use")]
    UnsafeUrl,
    /// A token that is no token, or not a bearer token.
    #[error("the server's token cannot be used")]
    BadToken,
    /// What the browser brought back does not belong to this login.
    #[error("the answer belongs to another login")]
    OtherLogin,
    /// The server has no such way to log in.
    #[error("the server does not offer this")]
    NotOffered,
}

/// The longest text of a server that is shown.
const MAX_SHOWN: usize = 200;

impl OAuthError {
    /// An error as a server words it; bounded, and printable.
    pub(super) fn said(code: &str, description: Option<&str>) -> Self {
        let bounded = |text: &str| printable(&text.chars().take(MAX_SHOWN).collect::<String>());
        OAuthError::Said { code: bounded(code), description: bounded(description.unwrap_or_default()) }
    }

    /// Whether the server says that what was granted has ended (RFC 6749 §5.2).
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, OAuthError::Said { code, .. } if code == "invalid_grant")
    }

    /// Whether the server does not know the client, or not any more.
    pub fn is_unknown_client(&self) -> bool {
        matches!(self, OAuthError::Said { code, .. } if code == "invalid_client" || code == "unauthorized_client")
    }

    /// Whether it may be otherwise in a moment: nothing was decided.
    pub fn is_passing(&self) -> bool {
        matches!(self, OAuthError::Http(HttpError::Unreachable(_) | HttpError::Lost(_) | HttpError::Trouble(_)))
            || matches!(self, OAuthError::Said { code, .. } if code == "temporarily_unavailable" || code == "server_error")
    }
}
