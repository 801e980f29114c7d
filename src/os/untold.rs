//! For a system that does not tell of changes, or is not asked for them.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Nothing tells of changes here.
pub struct Changes;

impl Changes {
    /// Fails: nobody tells of changes here.
    pub fn of(_: &Path, _: Vec<OsString>) -> io::Result<Changes> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Fails: nobody tells of changes here.
    pub fn of_written(_: &Path, _: Vec<OsString>) -> io::Result<Changes> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never returns.
    pub async fn next(&self) {
        std::future::pending().await
    }
}
