use std::convert::Infallible;
use std::io;
use std::path::PathBuf;

use super::listening::Listener;

/// A listener that the service manager made and keeps: none does here.
#[derive(Debug)]
pub struct Given {
    /// Others can connect to it already.
    pub listener: Listener,
    /// Where it is found, if in a directory.
    pub path: Option<PathBuf>,
    /// Who keeps it.
    pub by: &'static str,
    _never: Infallible,
}

/// The listener that this process was started for: there is none.
pub fn listener() -> io::Result<Option<Given>> {
    Ok(None)
}

/// Nobody is told.
pub fn say_ready() {}

/// Nobody is told.
pub fn say_stopping() {}
