use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Home, Running, find_program, run, wait_until};

/// A D-Bus session of its own with gnome-keyring in it; both end when this is dropped.
pub struct Session {
    running: Running,
    address: String,
}

impl Session {
    /// A keyring that is unlocked, in this home. `None` where the programs are not installed.
    pub fn unlocked(home: &mut Home) -> Option<Session> {
        find_program("gnome-keyring-daemon")?;
        let unlock = "printf %s secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
        Session::start(home, unlock, None)
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
        Session::start(home, "true", Some(&config))
    }

    fn start(home: &mut Home, prepare: &str, config: Option<&Path>) -> Option<Session> {
        let mut command = home.command(find_program("dbus-run-session")?);
        if let Some(config) = config {
            command.arg("--config-file").arg(config);
        }
        let script = format!("{prepare}; echo \"$DBUS_SESSION_BUS_ADDRESS\"; exec cat");
        command.args(["--", "sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child: Child = command.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "the session did not start");
        home.set("DBUS_SESSION_BUS_ADDRESS", &address);
        Some(Session { running: Running(child), address })
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
        &self.address
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
        let done = command.args(to).args(call).env("DBUS_SESSION_BUS_ADDRESS", &self.address).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Runs secret-tool, libsecret's own client, with this on stdin.
    pub fn secret_tool(&self, arguments: &[&str], stdin: &str) -> String {
        let mut command = Command::new("secret-tool");
        run(command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", &self.address), stdin.as_bytes()).out
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Its input ends first, and it ends its bus; killed, it would leave the bus behind, and all who are on it.
        let _ = self.running.0.wait();
    }
}
