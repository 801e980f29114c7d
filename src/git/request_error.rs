use crate::base::Message;
use crate::msg;

/// Why the input was refused. Nothing of the input is repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The input has more than [`MAX_INPUT`](super::MAX_INPUT) bytes, a line of more than 65 535 bytes, or more than
    /// 1000 lines.
    #[error("the input is too long")]
    TooLong,
    /// The last line has no LF: what was cut off could be half a host or half a password.
    #[error("the input ends in the middle of a line")]
    Truncated,
    /// A line is not of the form `key=value`.
    #[error("a line without \"=\"")]
    NoEquals,
    /// A line has a carriage return or a NUL, or a URL a line break that is encoded.
    #[error("a line with a control character")]
    Control,
    /// A value that loom uses is not UTF-8.
    #[error("a value that is not UTF-8")]
    NotUtf8,
    /// An attribute is given twice, with different values.
    #[error("an attribute is given twice with different values")]
    Contradiction,
    /// Protocol or host is missing, or the path where the host is empty, as for a client certificate.
    #[error("the protocol or the host is missing")]
    Incomplete,
    /// The attribute `url` has no scheme, or a password in it.
    #[error("the url is not of the form protocol://[user@]host[/path]")]
    BadUrl,
}

impl RequestError {
    /// The reason as a text for a person.
    pub fn message(self) -> Message {
        match self {
            RequestError::TooLong => msg!("git-too-long"),
            RequestError::Truncated => msg!("git-truncated"),
            RequestError::NoEquals => msg!("git-no-equals"),
            RequestError::Control => msg!("git-control"),
            RequestError::NotUtf8 => msg!("git-not-utf8"),
            RequestError::Contradiction => msg!("git-contradiction"),
            RequestError::Incomplete => msg!("git-incomplete"),
            RequestError::BadUrl => msg!("git-bad-url"),
        }
    }
}
