use std::path::PathBuf;

/// The user's own directory.
pub fn home() -> Option<PathBuf> {
    dirs::home_dir()
}

/// Where programs keep what a person sets, and what goes with them to other machines: `%APPDATA%`.
pub fn config() -> Option<PathBuf> {
    dirs::config_dir()
}

/// Where programs keep what they know from one run to the next, on this machine: `%LOCALAPPDATA%`.
pub fn state() -> Option<PathBuf> {
    dirs::data_local_dir()
}

/// There is no directory that ends with the user's session.
pub fn runtime() -> impl Iterator<Item = PathBuf> {
    std::iter::empty()
}

/// A directory under this name among the user's own temporary ones.
pub fn below_temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(name)
}
