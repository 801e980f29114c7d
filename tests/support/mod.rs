//! What the tests share: a home of their own, the programs in it, servers to talk to.

mod apache;
pub mod authorization_server;
mod bodies;
mod dashboard;
mod dialogue;
mod django;
#[path = "../../src/bin/loom/demo/git_backend.rs"]
mod git_backend;
mod glewlwyd;
mod home;
pub mod injection;
mod issuer;
mod jar;
mod keyring;
mod loom_server;
mod machines;
mod nginx;
mod openbao;
mod provider;
mod relay;
mod rotating;
mod scripted;
mod secret_service;
#[path = "../../src/bin/loom/demo/server.rs"]
mod server;
mod session_bus;
mod stub;
mod suspend;
mod terminal;
mod web;

pub use apache::Apache;
pub use bodies::{pattern, peak};
pub use dashboard::{ADMIN, Dashboard};
pub use dialogue::Dialogue;
pub use django::Django;
pub use glewlwyd::Glewlwyd;
pub use home::{Home, Output, Running, run};
pub use issuer::{Draft, Issuer};
pub use jar::{Jar, Seen};
pub use keyring::Session;
pub use loom_server::LoomServer;
pub use machines::{FIRST, Machines, SECOND};
pub use nginx::{Nginx, certificates, certificates_for, free_port};
pub use openbao::OpenBao;
pub use provider::{Provider, installed};
pub use relay::Relay;
pub use rotating::Rotating;
pub use secret_service::{Fails, Manner, SecretService};
pub use stub::{Stub, http};
pub use suspend::Suspend;
pub use terminal::at_terminal;
pub use web::{Answer, Door, bearer};

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Longer than anything takes that works, on a slow and busy machine.
pub const SOON: Duration = Duration::from_secs(30);

/// Waits for a sign.
pub fn wait_until(what: &str, mut sign: impl FnMut() -> bool) {
    let until = Instant::now() + SOON;
    while !sign() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says, past the capture of the test's output, that it cannot run here. Where `CI` is set, as `tests/run` does,
/// nothing may be skipped: what was not tried has not passed.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}; where CI is set nothing may be skipped");
    say(format_args!("skipped: {why}"));
}

/// `None`, said by `skip`, unless this runs as root.
pub fn as_root(why: &str) -> Option<()> {
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(why);
    }
    root.then_some(())
}

/// A program that no package of Debian's has, so that `tests/run` cannot install it; `None`, and said so, where this
/// machine does not have it.
pub fn machine_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file());
    if found.is_none() {
        say(format_args!("not tried: {name}, which this machine does not have"));
    }
    found
}

/// A file below `target`, of what `tests/run` puts there; `None`, said by `skip`, where it is not.
pub fn provided(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(path);
    provider::installed(&path).map(|()| path)
}

/// A program the test needs; `None`, said by `skip`, if it is not installed.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file());
    if found.is_none() {
        skip(&format!("{name} is not installed; tests/run installs it"));
    }
    found
}

/// Every how many-th point of a long series is tried: all of them with `LOOM_FULL` set.
pub fn every(nth: usize) -> usize {
    if std::env::var_os("LOOM_FULL").is_some() { 1 } else { nth }
}

/// Says a figure, past the capture of the test's output.
pub fn say(figure: std::fmt::Arguments<'_>) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{figure}");
}

/// Every git on this machine: the first on PATH, and the distribution's.
pub fn gits() -> Vec<PathBuf> {
    let mut gits: Vec<PathBuf> = find_program("git").into_iter().collect();
    gits.extend(Some(PathBuf::from("/usr/bin/git")).filter(|path| path.is_file() && !gits.contains(path)));
    gits
}

/// A Loom server with one private repository, `/git/team/app.git`, of one commit.
pub fn loom_server(home: &Home) -> LoomServer {
    let served = home.path().join(format!("served-{}", unique()));
    let repository = served.join("team/app.git");
    std::fs::create_dir_all(&repository).unwrap();
    let run = |arguments: &[&str], dir: &Path| {
        let done = Command::new("git").args(arguments).current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").output();
        let done = done.expect("git runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    run(&["init", "--quiet", "--bare"], &repository);
    run(&["config", "http.receivepack", "true"], &repository);
    run(&["symbolic-ref", "HEAD", "refs/heads/main"], &repository);
    let tree = run(&["hash-object", "-t", "tree", "-w", "/dev/null"], &repository);
    let commit = ["-c", "user.name=t", "-c", "user.email=t@t.example", "commit-tree", &tree, "-m", "Start"];
    let commit = run(&commit, &repository);
    run(&["update-ref", "refs/heads/main", &commit], &repository);
    LoomServer::start(served)
}

/// A number no other call of this process gets.
pub fn unique() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
