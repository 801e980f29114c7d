use std::path::PathBuf;

use super::user::UserId;

/// The user's own directory.
pub fn home() -> Option<PathBuf> {
    dirs::home_dir()
}

/// Where programs keep what a person sets.
pub fn config() -> Option<PathBuf> {
    dirs::config_dir()
}

/// Where programs keep what they know from one run to the next.
pub fn state() -> Option<PathBuf> {
    // Platforms without a state directory keep state with the local data.
    dirs::state_dir().or_else(dirs::data_local_dir)
}

/// Where programs keep what ends with the user's session, the first choice first: what the environment says, as the XDG
/// Base Directory specification wants it, and what the system makes for this user. Whoever uses one sees whether it is
/// there and theirs.
pub fn runtime() -> impl Iterator<Item = PathBuf> {
    let of_user = || PathBuf::from(format!("/run/user/{}", UserId::own().name()));
    dirs::runtime_dir().into_iter().chain(cfg!(target_os = "linux").then(of_user))
}

/// A directory for this user under this name where every user may make one. Whoever uses it sees whose it is.
pub fn below_temporary(name: &str) -> PathBuf {
    PathBuf::from(format!("/tmp/{name}-{}", UserId::own().name()))
}
