//! What can go wrong between loom and an authorization server. Callers decide by the kind only; the words of a server
//! are shown, cut and made printable, and decide nothing.

use crate::base::printable;
use crate::net::HttpError;

/// Why a server gave no token, or no way to get one.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// There is no usable answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer does not have the form that the standard asks for. Its content is not shown.
    #[error("the answer is not one of OAuth")]
    NotOAuth,
    /// The server answered with an error (RFC 6749 §5.2). Both texts are printable and at most 200 characters long.
    #[error("the server says {code}")]
    Said {
        /// The error code, such as `access_denied`.
        code: String,
        /// What the server says about it; may be empty.
        description: String,
    },
    /// Metadata or a redirect come from another server than the one that was asked (RFC 8414 §3.3, RFC 9207 §2.4).
    #[error("the server speaks for {said}")]
    OtherIssuer {
        /// The server that was asked.
        expected: String,
        /// The server that the answer names.
        said: String,
    },
    /// The server names a URL that is neither `https` nor `http` of this machine.
    #[error("the server names a URL that is not safe to use")]
    UnsafeUrl,
    /// The token cannot stand in a header, or is no bearer token.
    #[error("the server's token cannot be used")]
    BadToken,
    /// What the browser brought back, or the ID token, does not belong to this login.
    #[error("the answer belongs to another login")]
    OtherLogin,
    /// The server does not offer this way.
    #[error("the server does not offer this")]
    NotOffered,
}

/// The longest text of a server that is shown, in characters.
const MAX_SHOWN: usize = 200;

impl OAuthError {
    /// The error that a server answered with, its texts cut and made printable.
    pub(super) fn said(code: &str, description: Option<&str>) -> Self {
        let bounded = |text: &str| printable(&text.chars().take(MAX_SHOWN).collect::<String>());
        OAuthError::Said { code: bounded(code), description: bounded(description.unwrap_or_default()) }
    }

    /// Whether the server says that the grant, such as a refresh token, is no longer valid (RFC 6749 §5.2).
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, OAuthError::Said { code, .. } if code == "invalid_grant")
    }

    /// Whether the server does not know the client, or does not allow it this way.
    pub fn is_unknown_client(&self) -> bool {
        matches!(self, OAuthError::Said { code, .. } if code == "invalid_client" || code == "unauthorized_client")
    }

    /// Whether a later try may succeed: the server was not reached or is in trouble, and decided nothing.
    pub fn is_passing(&self) -> bool {
        matches!(self, OAuthError::Http(HttpError::Unreachable(_) | HttpError::Lost(_) | HttpError::Trouble(_)))
            || matches!(self, OAuthError::Said { code, .. } if code == "temporarily_unavailable" || code == "server_error")
    }
}
