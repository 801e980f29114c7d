//! A lock that holds for every agent of the same stores: a person who locks does not ask which of their agents heard it.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::agent::Agent;
use crate::agent::accounts::stores::STORE_WITHIN;
use crate::agent::blocking::within;
use crate::agent::fault;
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{Paths, StoreChoice};
use crate::store::StoreError;
use crate::wire::Fault;

/// The file `locked`: as long as it is there, no agent of these stores gives anything out.
pub(crate) struct LockNote {
    path: PathBuf,
    /// This agent is locked because of it, and for no other reason.
    obeyed: AtomicBool,
}

impl LockNote {
    pub(crate) fn new(paths: &Paths) -> LockNote {
        LockNote { path: paths.lock_note(), obeyed: AtomicBool::default() }
    }

    pub(crate) fn is_obeyed(&self) -> bool {
        self.obeyed.load(Ordering::Relaxed)
    }

    /// What cannot be looked at is taken to be there.
    fn is_there(&self) -> bool {
        self.path.symlink_metadata().map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
    }
}

impl Agent {
    /// Locks every agent of these stores; `false` where only this one could be locked.
    pub(crate) async fn lock_everywhere(&self) -> bool {
        let was_locked = self.locking.is_locked();
        self.locking.close();
        let path = self.lock_note.path.clone();
        let leave = move || {
            private_file::private_dir(path.parent().unwrap_or(&path))?;
            private_file::replace(&path, b"loom unlock\n")
        };
        let leave = move || leave().map_err(unwritten);
        let left = self.shares_stores() && within(STORE_WITHIN, leave).await.is_ok();
        if left && !was_locked {
            self.lock_note.obeyed.store(true, Ordering::Relaxed);
        }
        self.lock().await;
        left
    }

    /// Unlocks what was locked everywhere.
    pub(crate) async fn end_lock_everywhere(&self) -> Result<(), Fault> {
        let path = self.lock_note.path.clone();
        within(STORE_WITHIN, move || match path.symlink_metadata() {
            Ok(_) => private_file::remove(&path).map_err(unwritten),
            Err(_) => Ok(()),
        })
        .await?;
        self.lock_note.obeyed.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Does as the note says. Nobody gets anything from here on; what is in memory goes behind whoever asks, who may be in the
    /// middle of a renewal that is finished first.
    pub(crate) fn obey_lock(&self) {
        if !self.shares_stores() {
            return;
        }
        match (self.lock_note.is_there(), self.locking.is_locked()) {
            (true, false) => {
                self.lock_note.obeyed.store(true, Ordering::Relaxed);
                self.locking.close_soon();
            }
            // Unless nobody asked for so long that it would have locked itself.
            (false, true) if self.lock_note.obeyed.swap(false, Ordering::Relaxed) && !self.is_overdue() => {
                self.locking.open();
            }
            (true, true) | (false, _) => {}
        }
    }

    /// What the note says to who may not wait until it is done.
    pub(crate) fn is_locked_everywhere(&self) -> bool {
        self.shares_stores() && self.lock_note.is_there()
    }

    fn shares_stores(&self) -> bool {
        self.store_choice().is_ok_and(|choice| choice != StoreChoice::Memory)
    }
}

fn unwritten(error: PrivateFileError) -> Fault {
    fault::from_store(StoreError::File(error))
}
