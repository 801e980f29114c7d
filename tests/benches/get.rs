//! How long git waits for a credential: `get` from the start of the process to its end, beside git's own cache.
//!
//! Run by hand: `cargo bench --bench get`. Microseconds say something about the machine only; what counts are the
//! ratios of two programs that took turns in one run.

// A benchmark that cannot run says so by a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod home;
mod peer;
mod table;

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use home::{DEADLINE, Guarded, HOST, Home, PASSWORD, go_on};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use table::{Limit, missing, ratio, row};

const ROUNDS: usize = 300;

/// Until files are in the page cache and processors at speed.
const WARM_UP: usize = 20;

const HELPER: &str = env!("CARGO_BIN_EXE_git-credential-loom");

const LOOM: &str = env!("CARGO_BIN_EXE_loom");

fn main() -> io::Result<()> {
    let home = Home::new()?;
    table::heading();
    helper(&home)?;
    git(&home)?;
    command_line(&home)?;
    row("bytes of git-credential-loom", std::fs::metadata(HELPER)?.len() as f64, "", &Limit::AtMost(1.6e6));
    Ok(())
}

/// The helper as a process by itself.
fn helper(home: &Home) -> io::Result<()> {
    let cache = home.git_programs.join("git-credential-cache");
    let own = get(home, Path::new(HELPER));
    let figure = "get of git-credential-loom, whole process";
    match &home.peer {
        Ok(peer) => {
            let mut client = home.command(&peer.client);
            client.arg(&peer.daemon.socket).arg("get");
            let times = race(&mut [own, get(home, &cache), client])?;
            ratio(figure, &times[0], &times[1], "git-credential-cache", &Limit::AtMost(0.60));
            ratio(figure, &times[0], &times[2], "a client in C, linked statically", &Limit::AtMost(1.35));
        }
        Err(why) => {
            let times = race(&mut [own, get(home, &cache)])?;
            ratio(figure, &times[0], &times[1], "git-credential-cache", &Limit::AtMost(0.60));
            missing(figure, why);
        }
    }
    let token = issued_token(home)?;
    let mut with_token = get(home, Path::new(HELPER));
    with_token.env("LOOM_TOKEN", &token);
    let times = race(&mut [with_token, get(home, Path::new(HELPER))])?;
    ratio("get with an issued token", &times[0], &times[1], "get without one", &Limit::None);
    let figure = "system calls of one get, its process made and ended";
    match (system_calls(home, Path::new(HELPER))?, system_calls(home, &cache)?) {
        (Some(own), Some(cache)) => {
            row(figure, own as f64, &format!("git-credential-cache: {cache}"), &Limit::AtMost(30.0));
        }
        _ => missing(figure, "strace is not installed or may not trace"),
    }
    Ok(())
}

/// The whole of what git does when it needs a password. Its own helper goes by the name that everybody configures; ours
/// by the path that `loom setup git` writes, which spares git a process, and by its name too.
fn git(home: &Home) -> io::Result<()> {
    let fill = |helper: &str| {
        let mut command = home.command("git");
        command.args(["-c", &format!("credential.helper={helper}"), "credential", "fill"]);
        command
    };
    let figure = "git credential fill";
    let times = race(&mut [fill(HELPER), fill("loom"), fill("cache")])?;
    ratio(figure, &times[0], &times[2], "with cache as helper", &Limit::None);
    ratio("git credential fill, helper by name", &times[1], &times[2], "with cache as helper", &Limit::None);
    match &home.peer {
        Ok(peer) => {
            let client = format!("{} {}", peer.client.display(), peer.daemon.socket.display());
            let times = race(&mut [fill(HELPER), fill(&client)])?;
            ratio(figure, &times[0], &times[1], "with the client in C as helper", &Limit::None);
        }
        Err(why) => missing(figure, why),
    }
    Ok(())
}

/// What people and scripts call, beside the helper.
fn command_line(home: &Home) -> io::Result<()> {
    let loom = |arguments: &[&str]| {
        let mut command = home.command(LOOM);
        command.args(arguments);
        command
    };
    let server = format!("https://{HOST}");
    let token = loom(&["token", "--server", &server]);
    let mut quick = [token, loom(&["status"]), get(home, Path::new(HELPER))];
    let times = race(&mut quick)?;
    ratio("loom token", &times[0], &times[2], "git-credential-loom", &Limit::AtMost(1.5));
    ratio("loom status", &times[1], &times[2], "git-credential-loom", &Limit::AtMost(1.5));
    Ok(())
}

fn get(home: &Home, helper: &Path) -> Command {
    let mut command = home.command(helper);
    command.arg("get");
    command
}

/// A token of the agent's own that may reveal.
fn issued_token(home: &Home) -> io::Result<String> {
    let mut command = home.command(LOOM);
    let done = command.args(["token", "generate", "bench", "--scopes", "read", "--reveal"]).output()?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let token = said.split_whitespace().find(|word| word.starts_with("loom_"));
    token.map(str::to_owned).ok_or_else(|| io::Error::other(format!("no token: {said}")))
}

/// Lets the commands take turns, each round beginning with another one, so that whatever else the machine does meets
/// all of them. Microseconds of each command, round by round.
fn race(commands: &mut [Command]) -> io::Result<Vec<Vec<f64>>> {
    let mut times = vec![Vec::with_capacity(ROUNDS); commands.len()];
    for round in 0..WARM_UP + ROUNDS {
        for turn in 0..commands.len() {
            let runner = (round + turn) % commands.len();
            let time = time(&mut commands[runner])?;
            if round >= WARM_UP {
                times[runner].push(time);
            }
        }
    }
    Ok(times)
}

/// Microseconds from starting the process to its end. It must answer with the password or say whose it is, in time.
fn time(command: &mut Command) -> io::Result<f64> {
    go_on()?;
    let begun = Instant::now();
    let mut child = Guarded(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
    let (stdin, stdout) = (child.0.stdin.take(), child.0.stdout.take());
    let (Some(mut stdin), Some(mut stdout)) = (stdin, stdout) else { return Err(io::ErrorKind::BrokenPipe.into()) };
    stdin.write_all(question().as_bytes())?;
    drop(stdin);

    let mut answer = vec![0; 4096];
    let mut length = 0;
    loop {
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        if poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&timeout))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match stdout.read(&mut answer[length..])? {
            0 => break,
            count => length += count,
        }
    }
    // It has let go of its output and is about to end; sleeping would cost more than that takes.
    let status = loop {
        match child.0.try_wait()? {
            Some(status) => break status,
            None if begun.elapsed() > DEADLINE => return Err(io::ErrorKind::TimedOut.into()),
            None => std::thread::yield_now(),
        }
    };
    let time = begun.elapsed();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(status.success(), "{command:?}: {status}, {answer:?}");
    assert!([PASSWORD, HOST].iter().any(|known| answer.contains(known)), "{command:?}: {status}, {answer:?}");
    Ok(time.as_secs_f64() * 1e6)
}

fn question() -> String {
    format!("protocol=https\nhost={HOST}\n\n")
}

/// The system calls of one `get` with all its threads and children, `execve` included.
fn system_calls(home: &Home, helper: &Path) -> io::Result<Option<u64>> {
    let summary = home.path().join("strace");
    let mut strace = home.command("strace");
    strace.args(["-f", "-qq", "-c", "-U", "calls,name", "-o"]).arg(&summary).arg(helper).arg("get");
    match time(&mut strace) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        done => done?,
    };
    let summary = std::fs::read_to_string(summary)?;
    Ok(summary.lines().find_map(|line| line.trim().strip_suffix("total")?.trim().parse().ok()))
}
