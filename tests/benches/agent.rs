//! How many requests the agent answers, how late the latest, and what it has of memory while nobody asks: beside git's
//! own cache daemon and the least that a server in C can do.
//!
//! Run by hand: `cargo bench --bench agent`. The numbers say something about the machine only; what counts are the
//! ratios of two daemons that took turns in one run. Each of them answers on one thread.

// A benchmark that cannot run says so by a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod home;
mod peer;
mod table;

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use home::{Daemon, HOST, Home, PASSWORD, go_on, pause};
use loom_credentials::base::Locale;
use loom_credentials::wire::{Get, GitCredential, print_request};
use table::{Limit, missing, ratio, row};

/// More than any daemon can serve at once, so that it never waits for work.
const CLIENTS: usize = 16;

/// Each daemon is asked for so long, so often: many short turns, because other work on the machine comes and goes.
const TURN: Duration = Duration::from_millis(500);
const TURNS: usize = 12;

/// How many credentials there are, in the end.
const FEW: usize = 100;
const MANY: usize = 5_000;

const CROWD: usize = 1_000;

/// Longer than the agent takes to give memory back.
const SETTLED: Duration = Duration::from_secs(4);

const IDLE: Duration = Duration::from_secs(60);

const PEER: &str = "a server in C with epoll";

/// One daemon and what it is asked.
struct Side<'a> {
    daemon: &'a Daemon,
    question: &'a [u8],
}

/// How the clients come.
#[derive(Clone, Copy)]
enum Comes {
    /// Each question with a connection of its own, as git's helpers do.
    Anew,
    /// All on one.
    Kept,
}

fn main() -> io::Result<()> {
    let home = Home::new()?;
    let wanted = GitCredential {
        protocol: "https".to_owned(),
        host: HOST.to_owned(),
        path: None,
        username: None,
        ..GitCredential::default()
    };
    let question = print_request(&Get { wanted, ..Get::default() }, Locale::En, None);
    let loom = Side { daemon: &home.agent, question: &question };
    let question = format!("action=get\ntimeout=600\nprotocol=https\nhost={HOST}\n");
    let cache = Side { daemon: &home.cache, question: question.as_bytes() };
    let peer = home.peer.as_ref().map(|peer| Side { daemon: &peer.daemon, question: b"get\n" });

    table::heading();
    memory("agent, 1 credential", &home.agent)?;
    for number in 1..FEW {
        for side in [&loom, &cache] {
            side.daemon.store(&format!("{number}.{HOST}"))?;
        }
    }
    requests("connection each", Comes::Anew, &loom, &cache, "git's cache daemon", &Limit::None)?;
    for (what, comes, least) in [("connection each", Comes::Anew, 1.2), ("connection kept", Comes::Kept, 0.8)] {
        match &peer {
            Ok(peer) => requests(what, comes, &loom, peer, PEER, &Limit::AtLeast(least))?,
            Err(why) => missing(what, why),
        }
    }
    crowd(&loom)?;
    memory("agent, 100 credentials, after the load", &home.agent)?;
    memory("git's cache daemon, after the load", &home.cache)?;
    let before = switches(&home.agent)?;
    pause(IDLE)?;
    let figure = format!("context switches in {} idle seconds", IDLE.as_secs());
    row(&figure, (switches(&home.agent)? - before) as f64, "", &Limit::AtMost(0.0));

    for number in FEW..MANY {
        home.agent.store(&format!("{number}.{HOST}"))?;
    }
    while_listed(&home, &loom)
}

/// Asks both in turn, the first one alternating, and compares the turns that were neighbours. On a machine with few
/// processors the clients set the pace as much as the daemon does, so the processor time of the daemon alone is
/// compared too.
fn requests(what: &str, comes: Comes, loom: &Side, other: &Side, peer: &str, limit: &Limit) -> io::Result<()> {
    let sides = [loom, other];
    let (mut rates, mut costs, mut waits) = ([vec![], vec![]], [vec![], vec![]], [vec![], vec![]]);
    for turn in 0..TURNS {
        for index in [turn % 2, (turn + 1) % 2] {
            let used = processor_time(sides[index].daemon)?;
            let (times, took) = load(sides[index], comes, CLIENTS, TURN)?;
            let used = processor_time(sides[index].daemon)?.saturating_sub(used);
            rates[index].push(times.len() as f64 / took.as_secs_f64());
            costs[index].push(used.as_secs_f64() / times.len() as f64);
            waits[index].extend(times);
        }
    }
    ratio(&format!("requests/s, {what}, {CLIENTS} clients"), &rates[0], &rates[1], peer, limit);
    ratio(&format!("processor time per request, {what}"), &costs[0], &costs[1], peer, &Limit::None);
    let [own, others] = waits.map(|waits| later_than(waits, 0.999));
    row(&format!("p999, {what}"), own, &format!("ms; {peer}: {others:.2}"), &Limit::AtMost(5.0));
    Ok(())
}

/// What a crowd leaves behind.
fn crowd(loom: &Side) -> io::Result<()> {
    let mut streams = (0..CROWD).map(|_| loom.daemon.connect()).collect::<io::Result<Vec<UnixStream>>>()?;
    for stream in &mut streams {
        loom.daemon.ask_on(stream, loom.question)?;
    }
    drop(streams);
    memory(&format!("agent, after {CROWD} connections at once"), loom.daemon)
}

/// How long `get` takes while all accounts are listed, over and over.
fn while_listed(home: &Home, loom: &Side) -> io::Result<()> {
    let is_over = AtomicBool::new(false);
    let (times, listed) = thread::scope(|scope| {
        let lister = scope.spawn(|| -> io::Result<usize> {
            let mut listed = 0;
            while !is_over.load(Ordering::Relaxed) {
                let mut list = home.command(env!("CARGO_BIN_EXE_loom"));
                let status = list.args(["status", "--json"]).stdout(Stdio::null()).status()?;
                assert!(status.success(), "{status}");
                listed += 1;
            }
            Ok(listed)
        });
        let times = load(loom, Comes::Anew, 1, TURN * TURNS as u32);
        is_over.store(true, Ordering::Relaxed);
        (times, lister.join().map_err(|_| io::Error::other("the lister panicked")))
    });
    let ((times, _), listed) = (times?, listed??);
    row(
        &format!("p99 of get while {MANY} accounts are listed"),
        later_than(times, 0.99),
        &format!("ms; {listed} lists"),
        &Limit::AtMost(5.0),
    );
    Ok(())
}

/// What most wait less than, in milliseconds.
fn later_than(mut times: Vec<f64>, part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * part) as usize] * 1e3
}

/// How long each request took, in seconds, and all together.
fn load(side: &Side, comes: Comes, clients: usize, time: Duration) -> io::Result<(Vec<f64>, Duration)> {
    let begun = Instant::now();
    let client = || -> io::Result<Vec<f64>> {
        let mut times = Vec::with_capacity(1 << 14);
        let mut kept = None;
        while begun.elapsed() < time {
            go_on()?;
            let asked = Instant::now();
            let answer = match (comes, &mut kept) {
                (Comes::Anew, _) => side.daemon.ask(side.question)?,
                (Comes::Kept, Some(stream)) => side.daemon.ask_on(stream, side.question)?,
                (Comes::Kept, none) => side.daemon.ask_on(none.insert(side.daemon.connect()?), side.question)?,
            };
            times.push(asked.elapsed().as_secs_f64());
            if !answer.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()) {
                return Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
            }
        }
        Ok(times)
    };
    let times = thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        let times = clients.into_iter().map(|client| client.join().map_err(|_| io::Error::other("a client panicked")));
        times.map(Result::flatten).collect::<io::Result<Vec<Vec<f64>>>>()
    })?;
    Ok((times.concat(), begun.elapsed()))
}

/// What it has in memory once it has settled.
fn memory(who: &str, daemon: &Daemon) -> io::Result<()> {
    pause(SETTLED)?;
    for (figure, file, name, most) in [("RSS", "status", "VmRSS:", 5.0), ("PSS", "smaps_rollup", "Pss:", 3.5)] {
        let figure = format!("{figure} of {who}");
        // The agent hides some of it from everybody but root (`PR_SET_DUMPABLE`).
        match std::fs::read_to_string(process(daemon).join(file)).map(|text| number(&text, name)) {
            Ok(Some(kib)) => row(&figure, kib as f64 / 1024.0, "MiB", &Limit::AtMost(most)),
            Ok(None) => missing(&figure, "the kernel does not say"),
            Err(error) => missing(&figure, &error.to_string()),
        }
    }
    Ok(())
}

fn processor_time(daemon: &Daemon) -> io::Result<Duration> {
    // Nanoseconds on a processor come first (proc_pid_schedstat(5)).
    let nanoseconds = |text: String| text.split(' ').next().and_then(|word| word.parse::<u64>().ok());
    let of_task = |task: &PathBuf| std::fs::read_to_string(task.join("schedstat")).map(nanoseconds);
    let all = tasks(daemon)?.iter().map(|task| Ok(of_task(task)?.unwrap_or_default())).sum::<io::Result<u64>>();
    all.map(Duration::from_nanos)
}

/// How often its threads left a processor so far, of their own will or not.
fn switches(daemon: &Daemon) -> io::Result<u64> {
    let mut sum = 0;
    for task in tasks(daemon)? {
        let status = std::fs::read_to_string(task.join("status"))?;
        let names = ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"];
        sum += names.iter().filter_map(|name| number(&status, name)).sum::<u64>();
    }
    Ok(sum)
}

fn tasks(daemon: &Daemon) -> io::Result<Vec<PathBuf>> {
    std::fs::read_dir(process(daemon).join("task"))?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn process(daemon: &Daemon) -> PathBuf {
    PathBuf::from(format!("/proc/{}", daemon.process.0.id()))
}

/// The number after this name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}
