use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use super::Agent;
use super::places::Places;
use super::state::lock;
use crate::access::AuditLog;
use crate::base::{Paths, ServerUrl, clock, private_file};
use crate::wire::{Actor, AuditEntry, Code};

/// More than this is not held for a disk that takes nothing; how much was lost is said in the log itself.
const MAX_WAITING: usize = 10_000;

/// So much is collected before it is written. A crash can cost this much of the log; whoever reads it, and an agent that
/// stops, has it written first.
const TOGETHER: Duration = Duration::from_millis(250);

/// So many are written at once, however short the time.
const MANY: usize = 500;

/// So many read the log at once. Then the one who has most of them makes room, or waits for more.
const MAX_READERS: usize = 8;

/// The longest name, or path of a server, that is noted.
const MAX_NAME: usize = 500;

/// Entries on their way into the log. Nobody waits for it: it is written once those who asked have their answers, and a disk
/// that is full stops neither git nor the agent.
pub(super) struct Auditing {
    log: Arc<AuditLog>,
    waiting: Mutex<Waiting>,
    news: Notify,
    /// Told when there is enough to be written at once.
    many: Notify,
    /// How often something was written; those who follow the log wait for it.
    written: watch::Sender<u64>,
    /// Those who read the log.
    pub(super) readers: Places,
}

/// Which server and account something was about.
type About = Option<(ServerUrl, Option<String>)>;

#[derive(Default)]
struct Waiting {
    entries: Vec<AuditEntry>,
    lost: u64,
    /// The last write failed: the next entry has it tried once more.
    again: bool,
}

impl Auditing {
    pub(super) fn new(paths: &Paths) -> Self {
        let log = Arc::new(AuditLog::new(paths.audit_log(), paths.audit_lock()));
        Auditing {
            log,
            waiting: Mutex::default(),
            news: Notify::new(),
            many: Notify::new(),
            written: watch::Sender::new(0),
            readers: Places::new(MAX_READERS),
        }
    }

    pub(super) fn log(&self) -> Arc<AuditLog> {
        self.log.clone()
    }

    pub(super) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }
}

impl Agent {
    /// Notes that something was asked for.
    pub(super) fn audit(&self, event: &str, actor: Actor, about: About, outcome: Result<(), Code>) {
        let outcome = match outcome {
            Ok(()) => "ok".to_owned(),
            Err(code) => code.name().to_owned(),
        };
        let (server, account) = about.map_or((None, None), |(server, account)| (Some(server), account));
        // A line stays short whatever is asked: its end is looked for in a part of the file.
        let server = server.map(|server| if server.path().len() > MAX_NAME { server.origin() } else { server });
        let account = account.map(|account| account.chars().take(MAX_NAME).collect());
        let mut waiting = lock(&self.auditing.waiting);
        if waiting.entries.len() >= MAX_WAITING {
            waiting.lost += 1;
            return;
        }
        waiting.entries.push(AuditEntry {
            time: clock::now().to_string(),
            event: event.to_owned(),
            actor,
            server,
            account,
            outcome,
        });
        let (count, again) = (waiting.entries.len(), std::mem::take(&mut waiting.again));
        drop(waiting);
        // The others find the writer on its way already.
        if count == 1 || again {
            self.auditing.news.notify_one();
        }
        if count == MANY {
            self.auditing.many.notify_one();
        }
    }

    /// Notes that the agent begins to answer.
    pub fn note_start(&self) {
        self.audit("agent.start", self.as_actor(), None, Ok(()));
    }

    /// Writes what comes, until the agent stops.
    pub async fn write_audit(self: Arc<Agent>) {
        loop {
            tokio::select! {
                () = self.stopping.asked() => return,
                () = self.auditing.news.notified() => {}
            }
            // A crowd shares one write, and no program that is about to end competes with it for the processor.
            tokio::select! {
                () = self.stopping.asked() => return,
                () = self.auditing.many.notified() => {}
                () = sleep(TOGETHER) => {}
            }
            self.flush_audit().await;
        }
    }

    /// Writes what is waiting. What cannot be written now is offered again with the next entry.
    pub async fn flush_audit(&self) {
        let Waiting { mut entries, lost, .. } = std::mem::take(&mut *lock(&self.auditing.waiting));
        if lost > 0 {
            entries.push(AuditEntry { outcome: lost.to_string(), ..own_entry("audit.lost") });
        }
        if entries.is_empty() {
            return;
        }
        let (log, state) = (self.auditing.log(), self.paths().state_dir().to_owned());
        let write = move || {
            let written = private_file::private_dir(&state).map_err(std::io::Error::other);
            written.and_then(|()| log.append(&entries)).map_err(|error| (error, entries))
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => self.auditing.written.send_modify(|count| *count += 1),
            Ok(Err((error, entries))) => {
                tracing::warn!(%error, "the audit log is not written");
                let mut waiting = lock(&self.auditing.waiting);
                let later = std::mem::replace(&mut waiting.entries, entries);
                waiting.entries.extend(later);
                waiting.lost += lost;
                waiting.again = true;
            }
            Err(_) => {}
        }
    }

    /// This agent as an actor.
    pub(super) fn as_actor(&self) -> Actor {
        own_entry("").actor
    }
}

/// An entry of the agent's own.
fn own_entry(event: &str) -> AuditEntry {
    let exe = std::env::current_exe().ok().map(|path| path.to_string_lossy().into_owned());
    let actor =
        Actor::Process { uid: rustix::process::geteuid().as_raw(), pid: std::process::id(), exe, token_id: None };
    let time = clock::now().to_string();
    AuditEntry { time, event: event.to_owned(), actor, server: None, account: None, outcome: "ok".to_owned() }
}
