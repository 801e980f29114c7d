//! Entries of the audit log between the moment they are made and the disk. Many are written together. What the disk
//! does not take is offered again, up to a bound in memory, and the log itself says how much was lost beyond that.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::own::own_entry;
use crate::access::{AuditFiles, AuditLog};
use crate::agent::blocking::{DISK_WITHIN, in_time, on_thread};
use crate::agent::fault;
use crate::base::lock;
use crate::base::{clock, private_file};
use crate::wire::{AuditEntry, Fault};

/// More than this is not held for a disk that takes nothing; how much was lost is said in the log itself.
const MAX_WAITING: usize = 10_000;

/// What waits to be written to one chain of the log.
pub(super) struct Queue {
    log: Arc<AuditLog>,
    chain: fn(&AuditLog) -> &AuditFiles,
    /// What is written is on the disk before anybody hears of it.
    synced: bool,
    dir: PathBuf,
    waiting: Mutex<Waiting>,
    /// Held by who writes: who waited for it most often finds their own entry written.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Waiting {
    entries: Vec<AuditEntry>,
    lost: u64,
    trouble: Option<Trouble>,
}

/// Why nothing is written at the moment.
#[derive(Clone)]
pub(super) struct Trouble {
    pub(super) since: String,
    pub(super) fault: Fault,
    pub(super) waiting: u64,
    pub(super) lost: u64,
}

impl Queue {
    pub(super) fn new(
        log: Arc<AuditLog>,
        chain: fn(&AuditLog) -> &AuditFiles,
        synced: bool,
        dir: PathBuf,
    ) -> Arc<Queue> {
        Arc::new(Queue { log, chain, synced, dir, waiting: Mutex::default(), turn: Arc::default() })
    }

    /// Says how many wait now, and whether the last write failed.
    pub(super) fn push(&self, entry: AuditEntry) -> (usize, bool) {
        let mut waiting = lock(&self.waiting);
        if waiting.entries.len() < MAX_WAITING {
            waiting.entries.push(entry)
        } else {
            waiting.lost += 1
        }
        (waiting.entries.len(), waiting.trouble.is_some())
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        let waiting = lock(&self.waiting);
        let (entries, lost) = (waiting.entries.len() as u64, waiting.lost);
        waiting.trouble.clone().map(|trouble| Trouble { waiting: entries, lost, ..trouble })
    }

    /// Writes what is waiting, if anything is. What cannot be written now is offered again with the next entry.
    pub(super) async fn write(self: &Arc<Self>) -> Result<(), Fault> {
        if self.is_done() { Ok(()) } else { self.attempt().await }
    }

    /// Whether nothing is waiting. Only who has the turn can tell: another may be writing what was here, and put it
    /// back.
    fn is_done(&self) -> bool {
        let turn = self.turn.try_lock();
        let waiting = lock(&self.waiting);
        turn.is_ok() && waiting.entries.is_empty() && waiting.lost == 0
    }

    /// Writes what is waiting. If nothing is, it finds out whether the log could be written.
    pub(super) async fn attempt(self: &Arc<Self>) -> Result<(), Fault> {
        let tried = in_time(DISK_WITHIN, async {
            let turn = self.turn.clone().lock_owned().await;
            let queue = self.clone();
            on_thread(move || {
                let _turn = turn;
                queue.write_now()
            })
            .await
        });
        tried.await.inspect_err(|fault| self.is_in_trouble(fault.clone()))
    }

    fn write_now(&self) -> Result<(), Fault> {
        let (entries, lost) = {
            let mut waiting = lock(&self.waiting);
            (std::mem::take(&mut waiting.entries), std::mem::take(&mut waiting.lost))
        };
        let lines = (lost > 0).then(|| AuditEntry { outcome: lost.to_string(), ..own_entry("audit.lost") });
        let count = entries.len();
        let mut entries: Vec<AuditEntry> = entries.into_iter().chain(lines).collect();
        let written = private_file::private_dir(&self.dir).map_err(std::io::Error::other);
        let written = written.and_then(|()| (self.chain)(&self.log).append(&entries, self.synced));
        let mut waiting = lock(&self.waiting);
        match written {
            Ok(()) => {
                waiting.trouble = None;
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "the audit log is not written");
                entries.truncate(count);
                entries.append(&mut waiting.entries);
                waiting.entries = entries;
                waiting.lost += lost;
                Err(fault::audit_unwritable(error))
            }
        }
    }

    fn is_in_trouble(&self, fault: Fault) {
        let mut waiting = lock(&self.waiting);
        let since = waiting.trouble.take().map_or_else(|| clock::now().to_string(), |trouble| trouble.since);
        waiting.trouble = Some(Trouble { since, fault, waiting: 0, lost: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Paths;

    #[test]
    fn nobody_hears_that_their_entry_is_written_while_another_puts_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        // No directory can be made there.
        std::fs::write(dir.path().join("file"), "").unwrap();
        let log = Arc::new(AuditLog::new(&paths));
        let queue = Queue::new(log, |log| &log.rights, true, dir.path().join("file/state"));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        for _ in 0..300 {
                            queue.push(own_entry("login"));
                            assert!(queue.write().await.is_err());
                        }
                    });
                });
            }
        });
    }
}
