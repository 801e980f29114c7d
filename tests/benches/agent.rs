//! How many requests the agent answers, beside git's own cache daemon, and what it costs while nobody asks.
//!
//! Run by hand: `cargo bench --bench agent`. The numbers say something about the machine only; what counts are the
//! ratios of two daemons that took turns in one run.

// A benchmark that cannot run says so by a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod home;

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use home::{Daemon, HOST, Home, PASSWORD, go_on, median, pause};
use loom_credentials::base::Locale;
use loom_credentials::wire::{Get, GitCredential, print_request};

/// More than either daemon can serve at once, so that it never waits for work.
const CLIENTS: usize = 16;

/// Each daemon is asked for so long, so often: many short turns, because other work on the machine comes and goes.
const TURN: Duration = Duration::from_millis(500);
const TURNS: usize = 12;

const CREDENTIALS: usize = 100;

const IDLE: Duration = Duration::from_secs(10);

/// One daemon and what it is asked.
struct Side<'a> {
    name: &'static str,
    daemon: &'a Daemon,
    question: &'a [u8],
}

fn main() -> io::Result<()> {
    let home = Home::new()?;
    let wanted = GitCredential { protocol: "https".to_owned(), host: HOST.to_owned(), path: None, username: None };
    let question = print_request(&Get { wanted, ..Get::default() }, Locale::En, None);
    let loom = Side { name: "agent", daemon: &home.agent, question: &question };
    let question = format!("action=get\ntimeout=600\nprotocol=https\nhost={HOST}\n");
    let cache = Side { name: "cache daemon", daemon: &home.cache, question: question.as_bytes() };

    throughput("1 credential", &loom, &cache)?;
    for number in 1..CREDENTIALS {
        for side in [&loom, &cache] {
            side.daemon.store(&format!("{number}.{HOST}"))?;
        }
    }
    throughput("100 credentials", &loom, &cache)?;

    // Threads that waited for the disk go after a second.
    pause(Duration::from_secs(3))?;
    let sides = [&loom, &cache];
    let before = [switches(&home.agent)?, switches(&home.cache)?];
    pause(IDLE)?;
    let after = [switches(&home.agent)?, switches(&home.cache)?];
    for (side, (before, after)) in sides.iter().zip(before.into_iter().zip(after)) {
        let rss = kib(side.daemon, "status", "VmRSS:");
        let pss = kib(side.daemon, "smaps_rollup", "Pss:");
        let threads = tasks(side.daemon)?.len();
        println!(
            "{}: RSS {rss}, PSS {pss}, threads {threads} with {CREDENTIALS} credentials, after the load",
            side.name
        );
        println!("{}: {} context switches in {} idle seconds", side.name, after - before, IDLE.as_secs());
    }
    Ok(())
}

/// Asks both in turn, the first one alternating, and compares the turns that were neighbours. On a machine with few
/// processors the clients set the pace as much as the daemon does, so the processor time of the daemon alone is
/// compared too.
fn throughput(what: &str, loom: &Side, cache: &Side) -> io::Result<()> {
    let sides = [loom, cache];
    let (mut rates, mut costs) = ([vec![], vec![]], [vec![], vec![]]);
    for turn in 0..TURNS {
        for index in [turn % 2, (turn + 1) % 2] {
            let (rate, cost) = load(sides[index])?;
            rates[index].push(rate);
            costs[index].push(cost);
        }
    }
    let figures = [("requests/s", rates), ("µs of processor per request", costs)];
    for (unit, [loom, cache]) in figures {
        let ratio = median(loom.iter().zip(&cache).map(|(loom, cache)| loom / cache).collect());
        let (loom, cache) = (median(loom), median(cache));
        println!("agent, {what}: {loom:.1} {unit}, cache daemon {cache:.1} (medians, {CLIENTS} clients)");
        println!("agent, {what}: {unit} loom/cache {ratio:.2} (median of {TURNS} pairs)");
    }
    Ok(())
}

/// Requests per second, and microseconds of processor the daemon used for each.
fn load(side: &Side) -> io::Result<(f64, f64)> {
    let used = processor_time(side.daemon)?;
    let begun = Instant::now();
    let client = || -> io::Result<u32> {
        let mut answered = 0;
        while begun.elapsed() < TURN {
            go_on()?;
            let answer = side.daemon.ask(side.question)?;
            if !answer.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()) {
                return Err(io::Error::other(format!("{}: {}", side.name, String::from_utf8_lossy(&answer))));
            }
            answered += 1;
        }
        Ok(answered)
    };
    let answered = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let counts = clients.into_iter().map(|client| client.join().map_err(|_| io::Error::other("a client panicked")));
        counts.map(Result::flatten).sum::<io::Result<u32>>()
    })?;
    let rate = f64::from(answered) / begun.elapsed().as_secs_f64();
    let used = processor_time(side.daemon)?.saturating_sub(used);
    Ok((rate, used.as_secs_f64() * 1e6 / f64::from(answered)))
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

/// A size the kernel tells. The agent hides some from everybody but root (`PR_SET_DUMPABLE`).
fn kib(daemon: &Daemon, file: &str, name: &str) -> String {
    match std::fs::read_to_string(process(daemon).join(file)) {
        Ok(text) => number(&text, name).map_or("unknown".to_owned(), |kib| format!("{kib} KiB")),
        Err(error) => format!("unknown ({error})"),
    }
}

/// The number after this name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}
