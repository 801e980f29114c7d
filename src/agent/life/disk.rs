//! Directories on a disk that may stop answering: a mount over a network, or one that another program provides. A look
//! at a file there can take for ever, and the agent looks at files with every request.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::agent::blocking::{in_time, within};
use crate::base::{Paths, Waiting};
use crate::msg;
use crate::os::filesystem;
use crate::wire::Fault;

/// A mount that has not answered by then is taken to hang; git's helper has an end in time then.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct Disk {
    dirs: [PathBuf; 2],
    /// Set once all of it was seen to be on this machine's own disks, which answer or fail.
    is_local: AtomicBool,
    /// Held by the one look that is under way, however long it takes: a crowd leaves one thread behind.
    turn: Arc<Semaphore>,
    hangs: AtomicBool,
}

impl Disk {
    pub(crate) fn new(paths: &Paths) -> Disk {
        let dirs = [paths.config_dir().to_owned(), paths.state_dir().to_owned()];
        Disk { dirs, is_local: AtomicBool::default(), turn: Arc::new(Semaphore::new(1)), hangs: AtomicBool::default() }
    }

    /// Whether the disk did not answer the last look at the directories.
    pub(crate) fn hangs(&self) -> bool {
        self.hangs.load(Ordering::Relaxed)
    }

    /// Returns once the directories have been seen to answer, or says that they do not. Costs nothing where they are on
    /// this machine's own disks.
    pub(crate) async fn answers(&self) -> Result<(), Fault> {
        if self.is_local.load(Ordering::Relaxed) {
            return Ok(());
        }
        let looked = self.look_anew().await;
        self.hangs.store(looked.is_err(), Ordering::Relaxed);
        self.is_local.store(looked?, Ordering::Relaxed);
        Ok(())
    }

    async fn look_anew(&self) -> Result<bool, Fault> {
        let look = self.turn.clone();
        let _waiting = Waiting::begin(msg!("disk-awaited", path = self.dirs[0].display()));
        // An error would mean that the semaphore was closed, which nobody does.
        let turn = in_time(ANSWER_WITHIN, async { Ok(look.acquire_owned().await.ok()) }).await?;
        let dirs = self.dirs.clone();
        within(ANSWER_WITHIN, move || {
            let _turn = turn;
            Ok(dirs.iter().all(|dir| filesystem::is_local(dir)))
        })
        .await
    }
}
