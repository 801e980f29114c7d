//! Faults where a program meets the system: strace ends the agent at a system call, or makes the call fail.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::{Home, Running, as_root, find_program, unique, wait_until};

/// What changes something: files, their names, and what others hear of it.
const CHANGES: &str = "?open,openat,?openat2,?creat,write,writev,pwrite64,?pwritev,sendto,sendmsg,connect,fsync,fdatasync,\
    ?rename,?renameat,renameat2,?unlink,unlinkat,?link,linkat,?mkdir,mkdirat,?chmod,fchmod,fchmodat,ftruncate,flock";

/// A system call of the agent during an operation.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// strace counts the calls of each name for each thread.
    nth: usize,
    reach: Reach,
    /// As strace shows it.
    pub shown: String,
}

/// How strace can be told to hit a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It looks at one thread only: this one of those that are there before the operation.
    Thread(usize),
    /// It looks at all threads: this one, which comes later, is the first that makes so many calls of the name.
    AllThreads,
    /// Another thread makes as many before.
    Not,
}

impl Call {
    /// Whether a fault can be injected here, and would be worth it: files of others are only read.
    pub fn is_point(&self, home: &Home) -> bool {
        self.reach != Reach::Not && (!self.name.starts_with("open") || self.is_in(home.path()))
    }

    /// Whether it speaks of a file in this directory.
    pub fn is_in(&self, dir: &Path) -> bool {
        self.shown.contains(&format!("{}/", dir.display()))
    }

    /// Whether it gives a file this name, or adds to the one that has it.
    pub fn puts_in_place(&self, name: &str) -> bool {
        let renames = self.name.starts_with("rename") || self.name.starts_with("link");
        renames && self.shown.contains(&format!("/{name}\"")) || self.adds_to(name)
    }

    /// Whether it adds records to the file of this name.
    pub fn adds_to(&self, name: &str) -> bool {
        self.name == "pwrite64" && self.shown.contains(&format!("/{name}>, \"{{"))
    }
}

/// strace, where it is installed and the agent, which keeps debuggers away, lets itself be traced: by root.
pub fn tracer() -> Option<PathBuf> {
    as_root("only root injects faults")?;
    find_program("strace")
}

/// What this agent calls during an operation, in its order.
pub fn record(home: &Home, agent: &Running, operation: impl FnOnce()) -> Vec<Call> {
    let log = home.path().join("record");
    let threads = threads(agent);
    let trace = format!("trace={CHANGES}");
    let all = ["-f", "-y", "-s", "4096", "-e", &trace, "-o", log.to_str().unwrap(), "-p", &threads[0]];
    let mut strace = attach(home, &all);
    operation();
    // It lets go of the agent and writes down the rest.
    kill_process(Pid::from_child(&strace.0), Signal::TERM).unwrap();
    strace.0.wait().unwrap();
    calls(&std::fs::read_to_string(log).unwrap(), &threads)
}

/// A fault that waits for its call.
pub struct Injection {
    strace: Running,
    log: PathBuf,
}

/// Lets this happen at this call: `signal=KILL` before it is carried out, `error=EIO` instead of it.
pub fn inject(home: &Home, agent: &Running, call: &Call, fault: &str) -> Injection {
    let log = home.path().join(format!("injection-{}", unique()));
    let trace = format!("trace={},?rename,?renameat,renameat2", call.name);
    let inject = format!("inject={}:{fault}:when={}", call.name, call.nth);
    let threads = threads(agent);
    let one = match call.reach {
        Reach::Thread(place) => threads.get(place),
        _ => None,
    };
    let whom: &[&str] = match one {
        Some(thread) => &["-p", thread],
        None => &["-f", "-p", &threads[0]],
    };
    let what = ["-y", "-o", log.to_str().unwrap(), "-e", &trace, "-e", &inject];
    Injection { strace: attach(home, &[&what, whom].concat()), log }
}

/// Has every sync of the agent take so long from now on, as on a disk that is slow, or hangs. Ends when this is
/// dropped.
pub fn slow_disk(home: &Home, agent: &Running, time: std::time::Duration) -> Running {
    slow_disk_seen(home, agent, time).0
}

/// The same, and where the syncs are written down.
pub fn slow_disk_seen(home: &Home, agent: &Running, time: std::time::Duration) -> (Running, PathBuf) {
    let inject = format!("inject=fsync,fdatasync:delay_enter={}", time.as_micros());
    let log = home.path().join(format!("slow-{}", unique()));
    let pid = agent.0.id().to_string();
    let what = ["-f", "-o", log.to_str().unwrap(), "-e", "trace=fsync,fdatasync", "-e", &inject, "-p", &pid];
    (attach(home, &what), log)
}

impl Injection {
    /// Ends it, and gives what was seen up to the first call that failed; nothing if that was none on a file of this
    /// home. How often threads wake each other differs from run to run, so a wake-up can be hit in place of a write: no
    /// disk does that.
    pub fn until_hit(mut self, home: &Home) -> Option<String> {
        let _ = kill_process(Pid::from_child(&self.strace.0), Signal::TERM);
        self.strace.0.wait().unwrap();
        let log = std::fs::read_to_string(&self.log).unwrap();
        let on_file = |line: &&str| line.contains(&format!("{}/", home.path().display()));
        let mut hit = log.lines().filter(|line| line.contains("(INJECTED)"));
        if hit.clone().next().is_none() || !hit.all(|line| on_file(&line)) {
            return None;
        }
        log.split_once("(INJECTED)").map(|(before, _)| before.to_owned())
    }
}

/// The first one, then those that work for it.
fn threads(agent: &Running) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", agent.0.id())).unwrap().flatten();
    let mut ids: Vec<u32> = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect();
    ids.sort_unstable_by_key(|id| (*id != agent.0.id(), *id));
    ids.iter().map(u32::to_string).collect()
}

fn attach(home: &Home, arguments: &[&str]) -> Running {
    let said = home.path().join(format!("strace-{}", unique()));
    let mut command = home.command("strace");
    command.args(arguments).stdout(Stdio::null()).stderr(std::fs::File::create(&said).unwrap());
    let mut strace = Running(command.spawn().unwrap());
    wait_until("strace is attached", || {
        let said = std::fs::read_to_string(&said).unwrap();
        assert!(strace.0.try_wait().unwrap().is_none(), "strace ended: {said}");
        said.contains("attached")
    });
    strace
}

/// Reads the log.
fn calls(log: &str, threads: &[String]) -> Vec<Call> {
    let mut counts = std::collections::HashMap::<(&str, &str), usize>::new();
    let mut reached = std::collections::HashMap::<&str, usize>::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, _)) = call.trim_start().split_once('(') else { continue };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let nth = counts.entry((thread, name)).or_default();
        *nth += 1;
        let earliest = reached.entry(name).or_default();
        let reach = match threads.iter().position(|known| known == thread) {
            Some(place) => Reach::Thread(place),
            None if *nth > *earliest => Reach::AllThreads,
            None => Reach::Not,
        };
        *earliest = (*earliest).max(*nth);
        calls.push(Call { name: name.to_owned(), nth: *nth, reach, shown: call.trim_start().to_owned() });
    }
    calls
}
