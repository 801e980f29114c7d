use std::io::Write;
use std::process::{Command, Stdio};

use super::session_bus::SessionBus;
use super::{Home, Running, find_program, run, wait_until};

/// A D-Bus session of its own with gnome-keyring in it; both end when this is dropped.
pub struct Session(SessionBus);

impl Session {
    /// A keyring that is unlocked, in this home. `None` where the programs are not installed.
    pub fn unlocked(home: &mut Home) -> Option<Session> {
        find_program("gnome-keyring-daemon")?;
        let session = home.command(find_program("dbus-run-session")?);
        Some(Session::in_home(home, SessionBus::with_keyring(session)))
    }

    /// A session bus on which nobody offers a keyring.
    pub fn without_keyring(home: &mut Home) -> Option<Session> {
        let config = home.path().join("bus.conf");
        let listen = format!("unix:dir={}", home.path().display());
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \"busconfig.dtd\">\
             <busconfig><type>session</type><listen>{listen}</listen><policy context=\"default\">\
             <allow send_destination=\"*\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>"
        );
        std::fs::write(&config, text).unwrap();
        let mut session = home.command(find_program("dbus-run-session")?);
        session.arg("--config-file").arg(config);
        Some(Session::in_home(home, SessionBus::prepared(session, "true")))
    }

    fn in_home(home: &mut Home, bus: SessionBus) -> Session {
        home.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
        Session(bus)
    }

    /// gnome-keyring on a bus that would not start one, unlocked; it can be ended and started again.
    pub fn keyring(&self, home: &Home) -> Option<Running> {
        let mut command = home.command(find_program("gnome-keyring-daemon")?);
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = Running(command.spawn().unwrap());
        daemon.0.stdin.take().unwrap().write_all(b"secret").unwrap();
        let login = "/org/freedesktop/secrets/collection/login";
        let is_locked = ["org.freedesktop.Secret.Collection", "Locked"];
        wait_until("the keyring is unlocked", || {
            let mut get = home.command("gdbus");
            get.args(["call", "--session", "--dest", "org.freedesktop.secrets", "--object-path", login]);
            get.args(["--method", "org.freedesktop.DBus.Properties.Get"]).args(is_locked);
            run(&mut get, b"").out.contains("false")
        });
        Some(daemon)
    }

    pub fn address(&self) -> &str {
        self.0.address()
    }

    /// Locks every collection, as a screen lock or a logout does.
    pub fn lock(&self) {
        let lock = ["--method", "org.freedesktop.Secret.Service.Lock", "['/org/freedesktop/secrets/collection/login']"];
        self.secrets(&lock);
    }

    /// Calls the Secret Service with gdbus.
    pub fn secrets(&self, call: &[&str]) {
        let to =
            ["call", "--session", "--dest", "org.freedesktop.secrets", "--object-path", "/org/freedesktop/secrets"];
        let mut command = Command::new("gdbus");
        let done = command.args(to).args(call).env("DBUS_SESSION_BUS_ADDRESS", self.0.address()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Runs secret-tool, libsecret's own client, with this on stdin.
    pub fn secret_tool(&self, arguments: &[&str], stdin: &str) -> String {
        let mut command = Command::new("secret-tool");
        run(command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", self.0.address()), stdin.as_bytes()).out
    }
}
