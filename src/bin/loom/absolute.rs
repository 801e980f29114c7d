use std::path::Path;

use loom_credentials::wire::{Fault, reason};

/// A path as the agent understands it, which runs in a directory of its own: absolute, and text.
pub fn absolute(path: &Path) -> Result<String, Fault> {
    let absolute = std::path::absolute(path).ok().and_then(|path| path.into_os_string().into_string().ok());
    absolute.ok_or_else(|| reason::Command::PathNotAbsolute { path: path.to_owned() }.into())
}
