use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::nginx::free_port;
use super::{Home, Running, find_program, run, unique};

/// A login server that a script of `tests/support` starts, on a port of its own.
pub(super) struct Scripted {
    _running: Running,
    pub(super) origin: String,
}

impl Scripted {
    /// Runs `NAME/server.py`, with the directories and then the port as its arguments, and waits until it says that it
    /// is ready. The last of the directories is its own, with a key pair in it. `None` where a program is missing.
    pub(super) fn start(home: &Home, name: &str, root: Option<&Path>, more: &[&str]) -> Option<Scripted> {
        find_program("python3")?;
        find_program("openssl")?;
        let dir = home.path().join(format!("{name}-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        for arguments in ["genrsa -out key.pem 2048", "rsa -in key.pem -pubout -out public.pem"] {
            run(home.command("openssl").args(arguments.split(' ')).current_dir(&dir), b"").ok();
        }
        let port = free_port();
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/support", name, "server.py"].iter().collect();
        let log = std::fs::File::create(dir.join("server.log")).unwrap();
        let mut command = Command::new("python3");
        command.arg("-B").arg(script).args(root).arg(&dir).arg(port.to_string()).args(more);
        command.env("PYTHONPATH", root.unwrap_or(&installed(name))).env("HOME", &dir).current_dir(&dir);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut running = Running(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = || std::fs::read_to_string(dir.join("server.log")).unwrap_or_default();
        assert_eq!(line.trim(), "ready", "{name} did not start: {}", said());
        Some(Scripted { _running: running, origin: format!("http://127.0.0.1:{port}") })
    }
}

/// Where `tests/run` puts it.
pub(super) fn installed(name: impl AsRef<OsStr>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name.as_ref())
}
