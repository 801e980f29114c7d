//! A D-Bus session of its own. Unit tests include this file too, so it needs nothing beside it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// It ends, with all that runs in it, when this is dropped.
pub(super) struct SessionBus {
    session: Child,
    address: String,
}

impl SessionBus {
    /// Starts it by this `dbus-run-session`, with gnome-keyring in it, unlocked.
    pub(super) fn with_keyring(session: Command) -> SessionBus {
        let unlock = "printf %s secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
        SessionBus::prepared(session, unlock)
    }

    /// The same after this was done in it.
    pub(super) fn prepared(mut session: Command, prepare: &str) -> SessionBus {
        let script = format!("{prepare}; echo \"$DBUS_SESSION_BUS_ADDRESS\"; exec cat");
        session.args(["--", "sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut session = session.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(session.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "the session did not start");
        SessionBus { session, address }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for SessionBus {
    fn drop(&mut self) {
        // Its input ends first, and it ends its bus; killed, it would leave the bus behind, and all who are on it.
        let _ = self.session.wait();
    }
}
