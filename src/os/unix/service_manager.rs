use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::listening::Listener;

/// A listener that the service manager made and keeps: systemd's, named by `LISTEN_FDS`, or on macOS launchd's.
#[derive(Debug)]
pub struct Given {
    /// Others can connect to it already.
    pub listener: Listener,
    /// Where it is found, if in a directory.
    pub path: Option<PathBuf>,
    /// Who keeps it.
    pub by: &'static str,
}

/// The listener that this process was started for, if it was for one.
pub fn listener() -> io::Result<Option<Given>> {
    let Some((given, by)) = given()? else { return Ok(None) };
    let path = given.local_addr()?.as_pathname().map(Path::to_owned);
    Ok(Some(Given { listener: Listener::of(given)?, path, by }))
}

#[cfg(not(target_os = "macos"))]
fn given() -> io::Result<Option<(UnixListener, &'static str)>> {
    let given = listenfd::ListenFd::from_env().take_unix_listener(0).ok().flatten();
    Ok(given.map(|given| (given, "systemd")))
}

/// Under the name that its property list gives the socket.
#[cfg(target_os = "macos")]
fn given() -> io::Result<Option<(UnixListener, &'static str)>> {
    Ok(super::apple::given_listener(c"agent")?.map(|given| (given, "launchd")))
}

/// Says that this process does what it was started for.
pub fn say_ready() {
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
}

/// Says that it is about to end.
pub fn say_stopping() {
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
}
