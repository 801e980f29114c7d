//! What the benchmarks stand on: a throw-away home in which loom's agent, git's own cache daemon and a server in C run
//! and know the same credential. Everything has a deadline, and dropping it, also by a panic or Ctrl+C, leaves no
//! process and no file behind.
#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::peer::compiled;
use loom_credentials::base::{Locale, Secret};
use loom_credentials::wire::{GitCredential, Store, print_request};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};
use tempfile::TempDir;

/// No single step takes nearly so long, even on a machine that is busy otherwise.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The server that both know a credential of.
pub const HOST: &str = "git.example";

/// What both answer, in one way of writing or the other.
const USER: &str = "bench";
pub const PASSWORD: &str = "correct-horse-battery-staple";

const AGENT: &str = env!("CARGO_BIN_EXE_loom-agent");

/// The home, with the daemons running. Fields drop in order: the processes end before their directory goes.
pub struct Home {
    pub agent: Daemon,
    pub cache: Daemon,
    /// Client and server in C, or why there are none.
    pub peer: Result<Peer, String>,
    /// Where git keeps its programs.
    pub git_programs: PathBuf,
    dir: TempDir,
}

/// What does the same exchange and nothing else.
pub struct Peer {
    pub client: PathBuf,
    pub daemon: Daemon,
}

/// A process that does not outlive its owner.
pub struct Guarded(pub Child);

/// A credential daemon and the way to it.
pub struct Daemon {
    pub process: Guarded,
    pub socket: PathBuf,
    speaks: Speaks,
}

/// How the two protocols differ, seen from a client.
#[derive(Clone, Copy, PartialEq)]
enum Speaks {
    /// One line there and one line back; the connection stays open.
    Loom,
    /// Git's lines there to the end of the stream, and back to its end.
    Cache,
    /// Any line there and the same one line back; the connection stays open.
    Peer,
}

/// Somebody pressed Ctrl+C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

impl Home {
    pub fn new() -> io::Result<Home> {
        // The next step fails then, which drops everything.
        ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).map_err(io::Error::other)?;
        let dir = TempDir::with_prefix("loom-bench-")?;
        std::fs::DirBuilder::new().mode(0o700).create(dir.path().join("run"))?;
        let git_programs = command(dir.path(), "git").arg("--exec-path").output()?.stdout;
        let git_programs = PathBuf::from(String::from_utf8_lossy(&git_programs).trim_end());

        let mut agent = command(dir.path(), AGENT);
        let agent = Daemon::start(agent.arg("--foreground"), dir.path().join("run/loom/agent.sock"), Speaks::Loom)?;
        let socket = dir.path().join(".cache/git/credential/socket");
        let mut cache = command(dir.path(), git_programs.join("git-credential-cache--daemon"));
        let cache = Daemon::start(cache.arg(&socket), socket, Speaks::Cache)?;
        let peer = Peer::start(dir.path());
        Ok(Home { agent, cache, peer, git_programs, dir })
    }

    /// A program in this home, which sees nothing of the real one.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        command(self.dir.path(), program)
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Peer {
    fn start(home: &Path) -> Result<Peer, String> {
        let (client, server) = (compiled("client", home)?, compiled("server", home)?);
        let socket = home.join("peer.sock");
        let answer = format!("username={USER}\npassword={PASSWORD}\n");
        let mut server = command(home, server);
        let daemon = Daemon::start(server.arg(&socket).arg(answer), socket, Speaks::Peer);
        Ok(Peer { client, daemon: daemon.map_err(|error| format!("the server in C: {error}"))? })
    }
}

impl Daemon {
    /// Starts it, and returns when it has taken the credential of [`HOST`].
    fn start(command: &mut Command, socket: PathBuf, speaks: Speaks) -> io::Result<Daemon> {
        let process = Guarded(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
        let daemon = Daemon { process, socket, speaks };
        let until = Instant::now() + DEADLINE;
        loop {
            match daemon.store(HOST) {
                Err(_) if Instant::now() < until => pause(Duration::from_millis(10))?,
                done => return done.map(|()| daemon),
            }
        }
    }

    /// Has it keep the credential for one more server.
    pub fn store(&self, host: &str) -> io::Result<()> {
        let question = match self.speaks {
            Speaks::Loom => {
                let (host, username) = (host.to_owned(), Some(USER.to_owned()));
                let which = GitCredential {
                    protocol: "https".to_owned(),
                    host,
                    path: None,
                    username,
                    ..GitCredential::default()
                };
                let secret = Secret::new(PASSWORD.to_owned());
                let store = Store {
                    which,
                    authtype: None,
                    secret,
                    password_expiry_utc: None,
                    oauth_refresh_token: None,
                    tool: None,
                };
                print_request(&store, Locale::En, None).to_vec()
            }
            Speaks::Peer => b"store\n".to_vec(),
            Speaks::Cache => {
                let which = format!("protocol=https\nhost={host}\nusername={USER}\npassword={PASSWORD}\n");
                format!("action=store\ntimeout=600\n{which}").into_bytes()
            }
        };
        match self.ask(&question)? {
            answer if answer.windows(7).any(|part| part == b"\"error\"") => Err(io::ErrorKind::InvalidData.into()),
            _ => Ok(()),
        }
    }

    /// One request on a connection of its own, as the daemon's own client does it.
    pub fn ask(&self, question: &[u8]) -> io::Result<Vec<u8>> {
        self.ask_on(&mut self.connect()?, question)
    }

    pub fn connect(&self) -> io::Result<UnixStream> {
        // Std cannot connect within a time, and a full backlog would hold us for ever.
        let stream = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        set_socket_timeout(&stream, Timeout::Send, Some(DEADLINE))?;
        set_socket_timeout(&stream, Timeout::Recv, Some(DEADLINE))?;
        connect(&stream, &SocketAddrUnix::new(&self.socket)?)?;
        Ok(UnixStream::from(stream))
    }

    /// One request on a connection that may have had others.
    pub fn ask_on(&self, stream: &mut UnixStream, question: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(question)?;
        if self.speaks == Speaks::Cache {
            stream.shutdown(Shutdown::Write)?;
        }
        let mut answer = vec![0; 4096];
        let mut length = 0;
        while length < answer.len() && !(self.speaks != Speaks::Cache && answer[..length].ends_with(b"\n")) {
            match stream.read(&mut answer[length..])? {
                0 => break,
                count => length += count,
            }
        }
        answer.truncate(length);
        Ok(answer)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(home: &Path, program: impl AsRef<Path>) -> Command {
    let beside_loom = Path::new(AGENT).parent().unwrap_or(Path::new("/"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path).chain([beside_loom.to_owned()]);
    let mut command = Command::new(program.as_ref());
    command.env_clear().current_dir(home).stderr(Stdio::null());
    // Git finds the helper by its bare name too. Nothing starts an agent that this home does not own.
    command.env("PATH", std::env::join_paths(path).unwrap_or_default()).env("LOOM_AUTOSTART", "0");
    command.env("LOOM_STORE", "file").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    for (name, dir) in [
        ("HOME", ""),
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
    ] {
        command.env(name, home.join(dir));
    }
    command
}

/// An error once somebody pressed Ctrl+C.
pub fn go_on() -> io::Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
}

pub fn pause(time: Duration) -> io::Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        std::thread::sleep(time.min(Duration::from_millis(100)));
        go_on()?;
    }
    Ok(())
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
