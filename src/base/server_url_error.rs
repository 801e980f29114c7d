use super::Message;
use crate::msg;

/// Why a text is not a [`ServerUrl`](super::ServerUrl).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    #[error("not a URL of the form scheme://host[:port][/path]")]
    Malformed,
    #[error("the host is missing")]
    NoHost,
    #[error("user name or password inside the URL")]
    UserInfo,
    #[error("query or fragment inside the URL")]
    QueryOrFragment,
    #[error("the host is not spelled in its canonical form")]
    OddHost,
    #[error("the host is not ASCII; its ASCII form is {a_label}")]
    NotAscii { a_label: String },
    #[error("the port is not a plain number from 1 to 65535")]
    OddPort,
    #[error("the path is not spelled in its canonical form")]
    OddPath,
    #[error("longer than any host or file is named")]
    TooLong,
}

impl ServerUrlError {
    /// The reason as a person reads it.
    pub fn message(&self) -> Message {
        match self {
            ServerUrlError::Malformed => msg!("url-malformed"),
            ServerUrlError::NoHost => msg!("url-no-host"),
            ServerUrlError::UserInfo => msg!("url-user-info"),
            ServerUrlError::QueryOrFragment => msg!("url-query"),
            ServerUrlError::OddHost => msg!("url-odd-host"),
            ServerUrlError::NotAscii { a_label } => msg!("url-not-ascii", host = a_label),
            ServerUrlError::OddPort => msg!("url-odd-port"),
            ServerUrlError::OddPath => msg!("url-odd-path"),
            ServerUrlError::TooLong => msg!("url-too-long"),
        }
    }
}
