use super::Message;
use crate::msg;

/// Why a text is not a [`ServerUrl`](super::ServerUrl).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// It does not have the form `scheme://host[:port][/path]`.
    #[error("not a URL of the form scheme://host[:port][/path]")]
    Malformed,
    /// The host is missing.
    #[error("the host is missing")]
    NoHost,
    /// A user name or password stands in front of the host.
    #[error("user name or password inside the URL")]
    UserInfo,
    /// It has a `?` or a `#`.
    #[error("query or fragment inside the URL")]
    QueryOrFragment,
    /// The host is written in a way that parsers read differently.
    #[error("the host is not spelled in its canonical form")]
    OddHost,
    /// The host has characters beyond ASCII (RFC 5890 §2.3).
    #[error("the host is not ASCII; its ASCII form is {a_label}")]
    NotAscii {
        /// The host in ASCII, as `xn--…`.
        a_label: String,
    },
    /// The port is no plain number from 1 to 65535.
    #[error("the port is not a plain number from 1 to 65535")]
    OddPort,
    /// It is an address of SSH, where git uses a key and asks no helper.
    #[error("an address of SSH; over https it is {https}")]
    Ssh {
        /// The origin of the same host over https.
        https: String,
    },
    /// The path is written in a way that servers or parsers read differently.
    #[error("the path is not spelled in its canonical form")]
    OddPath,
    /// Scheme, host or file is longer than any that exists.
    #[error("longer than any host or file is named")]
    TooLong,
}

impl ServerUrlError {
    /// The sentence that says what is wrong, for people.
    pub fn message(&self) -> Message {
        match self {
            ServerUrlError::Malformed => msg!("url-malformed"),
            ServerUrlError::NoHost => msg!("url-no-host"),
            ServerUrlError::UserInfo => msg!("url-user-info"),
            ServerUrlError::QueryOrFragment => msg!("url-query"),
            ServerUrlError::OddHost => msg!("url-odd-host"),
            ServerUrlError::NotAscii { a_label } => msg!("url-not-ascii", host = a_label),
            ServerUrlError::OddPort => msg!("url-odd-port"),
            ServerUrlError::Ssh { https } => msg!("url-ssh", https = https),
            ServerUrlError::OddPath => msg!("url-odd-path"),
            ServerUrlError::TooLong => msg!("url-too-long"),
        }
    }
}
