use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Nothing tells of changes here yet.
pub struct Changes;

impl Changes {
    /// Fails: this system is not asked for changes.
    pub fn of(_: &Path, _: Vec<OsString>) -> io::Result<Changes> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Fails: this system is not asked for changes.
    pub fn of_written(_: &Path, _: Vec<OsString>) -> io::Result<Changes> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never returns.
    pub async fn next(&self) {
        std::future::pending().await
    }
}
