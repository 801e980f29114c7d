use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::base::private_file::{PrivateFileError, Unsafe};
use crate::base::{Message, Paths};
use crate::msg;
use crate::wire::{Code, Fault};

/// What another module reports in its own words. Code and hint depend on what was being done, which the variant says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Below {
    /// The settings file, or a file that it names, makes no sense.
    Settings(Message),
    /// The settings file cannot be written.
    SettingsUnwritten(Message),
    /// The settings of the HTTP door make no sense.
    HttpSettings(Message),
    /// A request to open the HTTP door makes no sense.
    HttpOptions(Message),
    /// A file that the settings name for TLS cannot be used.
    TlsFile(Message),
    /// A proxy that the environment names cannot be used.
    Proxy(Message),
    /// An issuer that the environment names cannot be used.
    Issuer(Message),
    /// A directory or file that loom needs cannot be used.
    Place(Message),
    /// The command line makes no sense.
    CommandLine(Message),
}

impl From<Below> for Fault {
    fn from(below: Below) -> Fault {
        let (code, said, hint) = match below {
            Below::Settings(said) => (Code::BadRequest, said, Some(msg!("hint-config"))),
            Below::SettingsUnwritten(said) => (Code::Unavailable, said, Some(msg!("hint-config"))),
            Below::HttpSettings(said) => (Code::BadRequest, said, None),
            Below::HttpOptions(said) => (Code::BadRequest, said, Some(msg!("hint-serve"))),
            Below::TlsFile(said) => (Code::Unavailable, said, Some(msg!("hint-config"))),
            Below::Proxy(said) => (Code::Unavailable, said, Some(msg!("hint-proxy-bad"))),
            Below::Issuer(said) => (Code::Usage, said, Some(msg!("hint-no-issuer"))),
            Below::Place(said) => (Code::Unavailable, said, None),
            Below::CommandLine(said) => (Code::BadRequest, said, Some(msg!("hint-usage"))),
        };
        Fault::new(code, said, hint)
    }
}

/// A file that only its owner may touch.
impl From<PrivateFileError> for Fault {
    fn from(error: PrivateFileError) -> Fault {
        let (code, hint) = match &error {
            PrivateFileError::Unsafe { path, reason: Unsafe::Mode } => {
                (Code::Denied, msg!("hint-file-mode", path = path.display()))
            }
            PrivateFileError::Unsafe { path, reason: Unsafe::Owner } => (Code::Denied, variable_behind(path)),
            PrivateFileError::Unsafe { .. } => (Code::Denied, msg!("hint-file-unsafe")),
            PrivateFileError::TooLarge { .. } => (Code::Unavailable, msg!("hint-file-too-large")),
            PrivateFileError::Held { .. } => (Code::Unavailable, msg!("hint-file-locked")),
            PrivateFileError::Io { path, error } if is_no_place(error) => (Code::Unavailable, variable_behind(path)),
            PrivateFileError::Io { .. } => (Code::Unavailable, msg!("hint-file-io")),
        };
        Fault::new(code, error.message(), Some(hint))
    }
}

/// Whether nothing can be kept there at all.
fn is_no_place(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory)
}

fn variable_behind(path: &Path) -> Message {
    let paths = Paths::from_environment();
    msg!("hint-path-variable", variable = paths.map_or("HOME", |paths| paths.variable_behind(path)))
}
