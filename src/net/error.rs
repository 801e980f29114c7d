use std::error::Error;

use super::limits::ANSWER_WITHIN;
use crate::base::Message;
use crate::msg;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent: no connection, or no TLS.
    #[error("the server cannot be reached")]
    Unreachable(Message),
    /// It was sent, but no whole answer came; the server may have acted on it.
    #[error("the server's answer was lost")]
    Lost(Message),
    #[error("the answer is too long")]
    TooLong,
    /// The server is busy or broken for now (429, 5xx).
    #[error("the server is in trouble ({0})")]
    Trouble(u16),
    /// The server sends elsewhere; nothing is sent there.
    #[error("the server redirects")]
    Redirect,
    /// A file of the settings.
    #[error("a file for TLS cannot be used")]
    TlsFile(Message),
    /// A proxy of the environment.
    #[error("a proxy cannot be used")]
    Proxy(Message),
}

impl HttpError {
    /// The reason as a person reads it.
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

/// What went wrong in the library, as far as it tells.
pub(super) fn failed(error: &reqwest::Error) -> HttpError {
    let reason = match error.is_timeout() {
        true => msg!("no-answer-within", seconds = ANSWER_WITHIN.as_secs()),
        false => msg!("network-says", error = innermost(error)),
    };
    match error.is_connect() || error.is_builder() {
        true => HttpError::Unreachable(reason),
        false => HttpError::Lost(reason),
    }
}

/// The innermost reason; the outer ones only say that a request failed.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
