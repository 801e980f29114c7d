//! What the agent is in the middle of when a fault comes, and what must be true afterwards.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::faults::scenarios;
use crate::support::injection::{self, Call};
use crate::support::{Home, Output, Rotating, Running, wait_until};

/// An operation that changes what is kept.
pub struct Scenario {
    pub name: &'static str,
    /// Fills a home; its agent is stopped afterwards.
    pub prepare: fn(&Home, &Rotating),
    /// What the agent is asked first, so that it has read its store.
    pub warm: fn(&Home),
    pub operate: fn(&Home, &Rotating) -> Output,
    /// Asserts that the old state is there, or the new one; only the new one if the operation was acknowledged.
    pub check: fn(&Home, &Rotating, Seen),
}

/// How an operation went, for whoever looks at its traces.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub acknowledged: bool,
    /// The file is another than before.
    pub changed: bool,
}

/// A scenario with the home that each try begins with a copy of.
pub struct Bench {
    pub scenario: Scenario,
    template: Home,
    pub server: Rotating,
}

impl Bench {
    pub fn new(scenario: Scenario) -> Bench {
        let (template, server) = (home(), Rotating::start());
        let agent = template.agent(&[]);
        (scenario.prepare)(&template, &server);
        stop(&template, agent);
        Bench { scenario, template, server }
    }

    /// The same with a home in which the operation was done once, and what the agent called on the way; nothing where
    /// no fault can be injected.
    pub fn recorded(scenario: Scenario) -> Option<(Bench, Home, Vec<Call>)> {
        injection::tracer()?;
        let bench = Bench::new(scenario);
        let home = bench.home();
        let agent = bench.agent(&home);
        let calls = injection::record(&home, &agent, || drop(bench.operate(&home).ok()));
        Some((bench, home, calls))
    }

    /// A home as the operation finds it.
    pub fn home(&self) -> Home {
        let home = self.template.copy();
        self.server.reset();
        home
    }

    /// An agent right before the operation.
    pub fn agent(&self, home: &Home) -> Running {
        let agent = home.agent(&[]);
        (self.scenario.warm)(home);
        wait_until_idle(&agent);
        agent
    }

    pub fn operate(&self, home: &Home) -> Output {
        (self.scenario.operate)(home, &self.server)
    }

    /// Whether what is kept is another than before the operation.
    pub fn changed(&self, home: &Home) -> bool {
        std::fs::read(home.credentials()).ok() != std::fs::read(self.template.credentials()).ok()
    }

    /// Asserts what must be true after any fault: old or new, nothing else touched, and the next write works by itself.
    pub fn check(&self, home: &Home, seen: Seen) {
        (self.scenario.check)(home, &self.server, seen);
        home.store("https", "next.example", "u", "pw_next").ok();
        assert_eq!(scenarios::password(home, "next.example").as_deref(), Some("pw_next"));
        for path in files(home) {
            assert_eq!(path.metadata().unwrap().mode() & 0o077, 0, "{} is open to others", path.display());
        }
    }
}

fn home() -> Home {
    // Whoever finds no agent says so: none is started behind the test's back.
    Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")])
}

/// Waits until the threads that worked on the store have ended: those that come make the same calls each time.
pub fn wait_until_idle(agent: &Running) {
    let tasks = format!("/proc/{}/task", agent.0.id());
    let is_at_work = |task: &std::fs::DirEntry| {
        std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("tokio-rt-worker"))
    };
    wait_until("the agent is idle", || !std::fs::read_dir(&tasks).unwrap().flatten().any(|task| is_at_work(&task)));
}

pub fn stop(home: &Home, mut agent: Running) {
    home.loom(&["agent", "stop"]).ok();
    agent.0.wait().unwrap();
}

/// Files that a crash left half written.
pub fn strays(home: &Home) -> usize {
    files(home).iter().filter(|path| path.file_name().unwrap().to_string_lossy().ends_with(".tmp")).count()
}

fn files(home: &Home) -> Vec<PathBuf> {
    let dirs = ["config/loom", "state/loom"].map(|dir| home.path().join(dir));
    let entries = dirs.iter().filter_map(|dir| dir.read_dir().ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

pub fn private_dir(path: &Path) {
    std::fs::create_dir_all(path).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}
