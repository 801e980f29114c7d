use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::wait_until;

/// A person's home of its own: own settings, state, sockets and agent. All of it goes when this is dropped.
pub struct Home {
    dir: TempDir,
    extra: Vec<(OsString, OsString)>,
}

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A program that runs; killed when this is dropped.
pub struct Running(pub Child);

impl Home {
    /// Credentials are kept in the file, as on a headless box.
    pub fn new() -> Home {
        Home::with(&[("LOOM_STORE", "file")])
    }

    pub fn with(extra: &[(&str, &str)]) -> Home {
        let dir = tempfile::Builder::new().prefix("loom-test-").tempdir().unwrap();
        for name in ["home", "run", "config", "state"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
            std::fs::set_permissions(dir.path().join(name), PermissionsExt::from_mode(0o700)).unwrap();
        }
        Home { dir, extra: extra.iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// A home that looks the same on the disk at this moment, with nothing running in it.
    pub fn copy(&self) -> Home {
        let mut copy = Home::new();
        copy.extra = self.extra.clone();
        for dir in ["config/loom", "state/loom"] {
            let Ok(entries) = self.path().join(dir).read_dir() else { continue };
            let to = copy.path().join(dir);
            std::fs::create_dir(&to).unwrap();
            std::fs::set_permissions(&to, PermissionsExt::from_mode(0o700)).unwrap();
            for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
                std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
        copy
    }

    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.extra.push((name.into(), value.into()));
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn socket(&self) -> PathBuf {
        self.path().join("run/loom/agent.sock")
    }

    pub fn credentials(&self) -> PathBuf {
        self.path().join("config/loom/credentials.json")
    }

    pub fn key(&self) -> PathBuf {
        self.path().join("state/loom/store.key")
    }

    /// Writes the config file.
    pub fn configure(&self, text: &str) {
        let dir = self.path().join("config/loom");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).unwrap();
        std::fs::write(dir.join("config.toml"), text).unwrap();
        // Requests that come within a millisecond share one look at it, and a test is that fast.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }

    /// A command that sees this home and nothing of the real one.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let programs = Path::new(env!("CARGO_BIN_EXE_loom")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path))).unwrap();
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path().join("home"))
            .env("XDG_RUNTIME_DIR", self.path().join("run"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "T")
            .env("GIT_AUTHOR_EMAIL", "t@t.example")
            .env("GIT_COMMITTER_NAME", "T")
            .env("GIT_COMMITTER_EMAIL", "t@t.example")
            .envs(self.extra.iter().cloned())
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub fn loom(&self, arguments: &[&str]) -> Output {
        run(self.command(env!("CARGO_BIN_EXE_loom")).args(arguments), b"")
    }

    /// With this on standard input. A token that is brought along is kept as it is: no server is asked about it, so
    /// that a test's server sees only what the test is about.
    pub fn loom_in(&self, arguments: &[&str], stdin: &str) -> Output {
        let unchecked = if arguments.contains(&"--with-token") { &["--no-check"][..] } else { &[] };
        run(self.command(env!("CARGO_BIN_EXE_loom")).args(arguments).args(unchecked), stdin.as_bytes())
    }

    /// `loom login --with-token`, with this token, as a person does it: its server is asked first.
    pub fn login_checked(&self, arguments: &[&str], token: &str) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_loom"));
        run(command.args(["login", "--with-token"]).args(arguments), token.as_bytes())
    }

    /// The git helper.
    pub fn helper(&self, operation: &str, stdin: impl AsRef<[u8]>) -> Output {
        run(self.command(env!("CARGO_BIN_EXE_git-credential-loom")).arg(operation), stdin.as_ref())
    }

    /// This git, with loom as its only helper, by its bare name.
    pub fn git(&self, git: &Path, arguments: &[&str]) -> Output {
        run(self.command(git).args(["-c", "credential.helper=loom"]).args(arguments), b"")
    }

    /// Git on its own configuration.
    pub fn git_config(&self, arguments: &[&str]) -> Output {
        run(self.command("git").args(arguments), b"")
    }

    /// What `get` says for this protocol and host.
    pub fn get(&self, protocol: &str, host: &str) -> Output {
        self.helper("get", format!("protocol={protocol}\nhost={host}\n\n"))
    }

    pub fn store(&self, protocol: &str, host: &str, user: &str, password: &str) -> Output {
        let input = format!("protocol={protocol}\nhost={host}\nusername={user}\npassword={password}\n\n");
        self.helper("store", input)
    }

    /// The agent in the foreground, once it listens.
    pub fn agent(&self, arguments: &[&str]) -> Running {
        self.agent_through(Path::new("env"), arguments)
    }

    /// A further agent, with a socket of its own.
    pub fn agent_at(&self, socket: &Path, arguments: &[&str]) -> Running {
        let mut command = self.command(env!("CARGO_BIN_EXE_loom-agent"));
        command.arg("--foreground").args(arguments).env("LOOM_AGENT_SOCK", socket);
        let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait_until("the further agent listens", || std::os::unix::net::UnixStream::connect(socket).is_ok());
        running
    }

    /// The same, run by another program: its arguments come first.
    pub fn agent_through(&self, program: &Path, arguments: &[&str]) -> Running {
        let own = if program == Path::new("env") { (&[][..], arguments) } else { (arguments, &[][..]) };
        let mut command = self.command(program);
        command.args(own.0).arg(env!("CARGO_BIN_EXE_loom-agent")).arg("--foreground").args(own.1);
        let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        wait_until("the agent listens", || {
            assert!(running.0.try_wait().unwrap().is_none(), "the agent ended at once");
            self.is_listening()
        });
        running
    }

    pub fn is_listening(&self) -> bool {
        std::os::unix::net::UnixStream::connect(self.socket()).is_ok()
    }

    /// The process that serves this home's socket.
    pub fn agent_pid(&self) -> i32 {
        let status: serde_json::Value = serde_json::from_str(&self.loom(&["agent", "status", "--json"]).out).unwrap();
        status["pid"].as_i64().expect("the agent runs") as i32
    }

    /// Asserts that a secret stands in clear in no file of this home.
    pub fn assert_nowhere_in_clear(&self, secret: &str) {
        let mut dirs = vec![self.path().to_owned()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).unwrap().flatten() {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    dirs.push(entry.path());
                } else if kind.is_file() {
                    let bytes = std::fs::read(entry.path()).unwrap_or_default();
                    let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                    assert!(!found, "the secret stands in {}", entry.path().display());
                }
            }
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Asked directly: whatever this test did to the environment must not keep its agent alive.
        if let Ok(mut agent) = std::os::unix::net::UnixStream::connect(self.socket()) {
            let _ = agent.set_read_timeout(Some(super::SOON));
            let _ = agent.write_all(b"{\"v\":1,\"verb\":\"stop\"}\n");
            let _ = agent.read_to_end(&mut Vec::new());
        }
    }
}

impl Output {
    /// Asserts success.
    #[track_caller]
    pub fn ok(self) -> Output {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Asserts this exit code, whatever was said.
    #[track_caller]
    pub fn ends(self, code: i32) -> Output {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Asserts this exit code, and that nothing but one sentence (and a hint) was said, on stderr, and once more as a
    /// document on stdout if JSON was asked for.
    #[track_caller]
    pub fn fails(self, code: i32) -> Output {
        assert_eq!(self.code, code, "{self:?}");
        let is_document = self.out.starts_with("{\"error\":{\"code\":");
        assert!(self.out.is_empty() || is_document && self.out.lines().count() == 1, "{self:?}");
        let lines: Vec<&str> = self.err.lines().collect();
        let said = lines.iter().filter(|line| line.starts_with("loom: ")).count();
        assert_eq!(said, 1, "one line says what went wrong: {self:?}");
        assert!(!self.err.chars().any(|c| c.is_control() && c != '\n'), "{self:?}");
        self
    }

    /// Asserts that stderr holds this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Output {
        assert!(self.err.contains(text), "expected {text:?} in {self:?}");
        self
    }

    /// Asserts that this stands in none of the streams.
    #[track_caller]
    pub fn without(self, secret: &str) -> Output {
        assert!(!self.out.contains(secret), "{secret:?} in {self:?}");
        assert!(!self.err.contains(secret), "{secret:?} in {self:?}");
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end with this on stdin.
pub fn run(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // It may refuse before it has read everything.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    let done = child.wait_with_output().unwrap();
    let code = done.status.code().unwrap_or_else(|| 128 + done.status.signal().unwrap_or(0));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Output { code, out: text(done.stdout), err: text(done.stderr) }
}
