//! How long git waits for a credential: `get` from the start of the process to its end, beside git's own cache.
//!
//! Run by hand: `cargo bench --bench get`. Microseconds say something about the machine only; what counts are the
//! ratios of two programs that took turns in one run.

// A benchmark that cannot run says so by a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod home;

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use home::{DEADLINE, Guarded, HOST, Home, PASSWORD, go_on, median};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const ROUNDS: usize = 300;

/// Until files are in the page cache and processors at speed.
const WARM_UP: usize = 20;

const LOOM: &str = env!("CARGO_BIN_EXE_git-credential-loom");

fn main() -> io::Result<()> {
    let home = Home::new()?;
    let cache = home.git_programs.join("git-credential-cache");

    let get = |helper: &Path| {
        let mut command = home.command(helper);
        command.arg("get");
        command
    };
    let times = race(&mut [get(Path::new(LOOM)), get(&cache)])?;
    show("get", "loom/cache", &times[0], &times[1]);

    // The whole of what git does when it needs a password. Its own helper goes by the name that everybody configures;
    // ours by the path that `loom setup-git` writes, which spares git a process, and by its name too.
    let fill = |helper: &str| {
        let mut command = home.command("git");
        command.args(["-c", &format!("credential.helper={helper}"), "credential", "fill"]);
        command
    };
    let times = race(&mut [fill(LOOM), fill("loom"), fill("cache")])?;
    show("git credential fill", "loom by path/cache", &times[0], &times[2]);
    show("git credential fill", "loom by name/cache", &times[1], &times[2]);

    let token = issued_token(&home)?;
    let mut with_token = get(Path::new(LOOM));
    with_token.env("LOOM_TOKEN", &token);
    let times = race(&mut [with_token, get(Path::new(LOOM))])?;
    show("get", "with/without an issued token", &times[0], &times[1]);

    match (system_calls(&home, Path::new(LOOM))?, system_calls(&home, &cache)?) {
        (Some(loom), Some(cache)) => println!("get: system calls {loom}, cache {cache}"),
        _ => println!("get: system calls not counted, strace is not installed or may not trace"),
    }
    println!("git-credential-loom: {} bytes", std::fs::metadata(LOOM)?.len());
    Ok(())
}

/// A token of the agent's own that may reveal.
fn issued_token(home: &Home) -> io::Result<String> {
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
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

/// Microseconds from starting the process to its end. It must answer with the password, and in time.
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
    assert!(answer.contains(PASSWORD), "{command:?}: {status}, {answer:?}");
    Ok(time.as_secs_f64() * 1e6)
}

fn question() -> String {
    format!("protocol=https\nhost={HOST}\n\n")
}

/// The median of the ratios of each round: a moment at which the machine was slow changes both sides of its pair.
fn show(what: &str, who: &str, loom: &[f64], cache: &[f64]) {
    println!("{what}: loom {:.0} µs, cache {:.0} µs (medians)", median(loom.to_vec()), median(cache.to_vec()));
    let ratios = loom.iter().zip(cache).map(|(loom, cache)| loom / cache);
    println!("{what}: {who} {:.2} (median of {ROUNDS} pairs)", median(ratios.collect()));
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
