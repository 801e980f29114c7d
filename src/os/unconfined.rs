//! Where the system has no namespaces that a user may make: nothing is confined, and that is said.

use std::io;
use std::path::{Path, PathBuf};

use super::common::ConfineError;

/// There are none.
pub fn begin() -> Result<(), ConfineError> {
    Err(ConfineError::Unsupported)
}

/// There are none.
pub fn finish(_: &[&Path]) -> Result<(), ConfineError> {
    Err(ConfineError::Unsupported)
}

/// Nobody is waited for.
pub fn wait_for(_: u32) -> io::Result<u8> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing is hidden.
pub fn usual() -> Vec<PathBuf> {
    Vec::new()
}

/// Whether there are such namespaces at all.
pub const IS_THERE: bool = false;
