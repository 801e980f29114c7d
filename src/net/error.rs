use std::error::Error;

use super::limits::ANSWER_WITHIN;
use crate::base::Message;
use crate::msg;

/// Why there is no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent: no connection or no TLS came about.
    #[error("the server cannot be reached")]
    Unreachable(Message),
    /// The request was sent and no complete answer came. The server may have acted on it.
    #[error("the server's answer was lost")]
    Lost(Message),
    /// The answer is longer than 1 MiB.
    #[error("the answer is too long")]
    TooLong,
    /// The server is busy or broken for now; this is its status (429 or 5xx).
    #[error("the server is in trouble ({0})")]
    Trouble(u16),
    /// The server redirects to another address, to which nothing is sent.
    #[error("the server redirects")]
    Redirect,
    /// A certificate or key file that the settings or the environment name cannot be used.
    #[error("a file for TLS cannot be used")]
    TlsFile(Message),
    /// The address of a proxy cannot be used.
    #[error("a proxy cannot be used")]
    Proxy(Message),
}

impl HttpError {
    /// The sentence that says what went wrong, for people.
    pub fn message(&self) -> Message {
        match self {
            HttpError::Unreachable(reason) | HttpError::Lost(reason) | HttpError::TlsFile(reason) => reason.clone(),
            HttpError::Proxy(reason) => reason.clone(),
            HttpError::TooLong => msg!("answer-too-long"),
            HttpError::Trouble(status) => msg!("answer-trouble", status = status),
            HttpError::Redirect => msg!("answer-redirects"),
        }
    }
}

/// The error that the library reports, as far as it tells.
pub(super) fn failed(error: &reqwest::Error) -> HttpError {
    let reason = if error.is_timeout() {
        msg!("no-answer-within", seconds = ANSWER_WITHIN.as_secs())
    } else {
        msg!("network-says", error = innermost(error))
    };
    if error.is_connect() || error.is_builder() { HttpError::Unreachable(reason) } else { HttpError::Lost(reason) }
}

/// The innermost reason of an error, since the outer ones only say that a request failed.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
