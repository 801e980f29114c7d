//! A lock that holds for every agent of the same stores: a person who locks does not ask which of their agents heard
//! it.
//!
//! `loom lock` leaves the file `locked` in the state directory. Each agent looks for it before it gives anything out,
//! also one that starts later, and empties its memory behind whoever saw it; `loom unlock` takes it away. An agent that
//! locks itself after idle time, or at a signal, locks nobody else.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::agent::blocking::within;
use crate::agent::fault;
use crate::base::Paths;
use crate::base::private_file::{self, PrivateFileError};
use crate::store::StoreError;
use crate::wire::Fault;

/// How long a look at the note may take: longer than any disk that works needs.
const WRITTEN_WITHIN: Duration = Duration::from_secs(8);

/// The file `locked`: as long as it is there, no agent of these stores gives anything out.
pub(super) struct LockNote {
    path: PathBuf,
    /// Whether this agent is locked because of the note, and for no other reason.
    obeyed: AtomicBool,
}

impl LockNote {
    pub(super) fn new(paths: &Paths) -> LockNote {
        LockNote { path: paths.lock_note(), obeyed: AtomicBool::default() }
    }

    pub(super) fn is_obeyed(&self) -> bool {
        self.obeyed.load(Ordering::Relaxed)
    }

    /// Notes whether this agent is locked because of the note alone; says whether it was.
    pub(super) fn note_cause(&self, is_cause: bool) -> bool {
        self.obeyed.swap(is_cause, Ordering::Relaxed)
    }

    /// Whether the note is there. If that cannot be seen it counts as there, so that the agent stays locked.
    pub(super) fn is_there(&self) -> bool {
        self.path.symlink_metadata().map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
    }

    /// Leaves it for every agent of these stores; this one may be closed for a reason of its own already.
    pub(super) async fn leave(&self, was_closed: bool) -> Result<(), Fault> {
        let path = self.path.clone();
        let leave = move || {
            private_file::private_dir(path.parent().unwrap_or(&path))?;
            private_file::replace(&path, b"loom unlock\n")
        };
        within(WRITTEN_WITHIN, move || leave().map_err(unwritten)).await?;
        if !was_closed {
            self.note_cause(true);
        }
        Ok(())
    }

    pub(super) async fn remove(&self) -> Result<(), Fault> {
        let path = self.path.clone();
        within(WRITTEN_WITHIN, move || match path.symlink_metadata() {
            Ok(_) => private_file::remove(&path).map_err(unwritten),
            Err(_) => Ok(()),
        })
        .await?;
        self.note_cause(false);
        Ok(())
    }
}

fn unwritten(error: PrivateFileError) -> Fault {
    fault::from_store(StoreError::File(error))
}
