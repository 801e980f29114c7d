//! How many requests the agent answers, beside git's own cache daemon, and what it costs while nobody asks.
//!
//! Run by hand: `cargo bench --bench agent`. The numbers say something about the machine only; what counts are the
//! ratios of two daemons that took turns in one run.

mod home;

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use home::{Daemon, HOST, Home, PASSWORD, median};
use loom_credentials::base::Locale;
use loom_credentials::wire::{Get, GitCredential, print_request};

/// More than either daemon can serve at once, so that it never waits for work.
const CLIENTS: usize = 16;

/// Each daemon is asked for so long, so often.
const TURN: Duration = Duration::from_secs(1);
const TURNS: usize = 6;

const CREDENTIALS: usize = 100;

const IDLE: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let home = Home::new()?;
    let wanted = GitCredential { protocol: "https".to_owned(), host: HOST.to_owned(), path: None, username: None };
    let loom = print_request(&Get { wanted }, Locale::En, None);
    let cache = format!("action=get\ntimeout=600\nprotocol=https\nhost={HOST}\n");

    throughput("one credential", (&home.agent, &loom), (&home.cache, cache.as_bytes()));
    for number in 1..CREDENTIALS {
        for daemon in [&home.agent, &home.cache] {
            daemon.store(&format!("{number}.{HOST}"))?;
        }
    }
    throughput("100 credentials", (&home.agent, &loom), (&home.cache, cache.as_bytes()));

    // Threads that waited for the disk go after a second.
    thread::sleep(Duration::from_secs(3));
    let before = [woken(&home.agent)?, woken(&home.cache)?];
    thread::sleep(IDLE);
    let after = [woken(&home.agent)?, woken(&home.cache)?];
    for (index, (name, daemon)) in [("agent", &home.agent), ("cache daemon", &home.cache)].into_iter().enumerate() {
        println!(
            "{name}: RSS {}, PSS {}, {} threads with {CREDENTIALS} credentials, after the load",
            kib(read(daemon, "status").as_deref(), "VmRSS:"),
            kib(read(daemon, "smaps_rollup").as_deref(), "Pss:"),
            tasks(daemon)?.len(),
        );
        println!("{name}: {} context switches in {} idle seconds", after[index] - before[index], IDLE.as_secs());
    }
    Ok(())
}

/// Asks both in turn and compares. Each turn of one is followed by a turn of the other, the first one alternating.
fn throughput(what: &str, loom: (&Daemon, &[u8]), cache: (&Daemon, &[u8])) {
    let rivals = [loom, cache];
    let mut rates = [Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        for index in [turn % 2, (turn + 1) % 2] {
            let (daemon, question) = rivals[index];
            rates[index].push(requests_per_second(daemon, question));
        }
    }
    let [loom, cache] = rates.map(median);
    println!("agent, {what}: {loom:.0} requests/s, cache daemon {cache:.0} requests/s, {CLIENTS} clients (medians)");
    println!("agent, {what}: loom/cache {:.2} (medians of {TURNS} turns)", loom / cache);
}

fn requests_per_second(daemon: &Daemon, question: &[u8]) -> f64 {
    let begun = Instant::now();
    let client = || {
        let mut answered = 0_u32;
        while begun.elapsed() < TURN {
            let answer = daemon.ask(question).expect("the daemon answers");
            let right = answer.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
            assert!(right, "a wrong answer: {:?}", String::from_utf8_lossy(&answer));
            answered += 1;
        }
        answered
    };
    let answered: u32 = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("the client counts")).sum()
    });
    f64::from(answered) / begun.elapsed().as_secs_f64()
}

/// How often its threads were given a processor so far, by their own will or not.
fn woken(daemon: &Daemon) -> io::Result<u64> {
    let mut sum = 0;
    for task in tasks(daemon)? {
        let status = std::fs::read_to_string(task.join("status"))?;
        let switches = ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"];
        sum += switches.iter().filter_map(|name| number(&status, name)).sum::<u64>();
    }
    Ok(sum)
}

fn tasks(daemon: &Daemon) -> io::Result<Vec<PathBuf>> {
    std::fs::read_dir(process(daemon).join("task"))?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// A file about the process. The agent hides some from everybody but root (`PR_SET_DUMPABLE`).
fn read(daemon: &Daemon, file: &str) -> io::Result<String> {
    std::fs::read_to_string(process(daemon).join(file))
}

fn process(daemon: &Daemon) -> PathBuf {
    PathBuf::from(format!("/proc/{}", daemon.process.0.id()))
}

fn kib(text: Result<&str, &io::Error>, name: &str) -> String {
    match text {
        Ok(text) => number(text, name).map_or("unknown".to_owned(), |kib| format!("{kib} KiB")),
        Err(error) => format!("unknown ({error})"),
    }
}

/// The number after this name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}
