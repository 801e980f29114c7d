//! A name is not a socket.
//!
//! Cleaners, logouts and other agents remove names. An agent knows socket and lock by device and inode (`FileId`): it
//! removes its own only, and when one has gone it binds anew, under the lock, or ends if another agent has that place
//! or there is none any more: nobody is left in memory whom nobody reaches. It hears of a change from the system
//! (`os::changes`), from an agent that finds the lock held and nobody listening (it sends HUP), and else looks: once a
//! minute where the system may not tell, since another machine may have made the change, and every ten minutes where
//! only what happens to directories further up is not told; in between an idle agent sleeps. It waits for a moment
//! first, so as not to be in the way of whoever removes a directory, and makes only the last one anew. One that systemd
//! gave its socket ends when that is gone.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, Sleep, sleep};

use crate::os::changes::Changes;
use crate::os::filesystem;
use crate::os::signals::Nudges;

/// How often the names are looked at where nothing tells of a change: another machine may have made it.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How often they are looked at where the system tells.
const LOOK_SELDOM: Duration = Duration::from_secs(10 * 60);

/// Whoever removes a directory is left to finish: what was made in it meanwhile would be in their way.
const SETTLED_AFTER: Duration = Duration::from_millis(300);

/// Tells when the names of a socket and its lock may have changed.
pub(super) struct Watch {
    changes: Option<Changes>,
    every: Duration,
    look: Pin<Box<Sleep>>,
    /// Sent by an agent that finds the lock held and nobody listening.
    nudges: Nudges,
}

impl Watch {
    pub(super) fn over(socket: &Path, lock: Option<&Path>) -> io::Result<Watch> {
        let names = [Some(socket), lock].into_iter().flatten().filter_map(Path::file_name);
        let names: Vec<OsString> = names.map(OsString::from).collect();
        let changes = socket.parent().and_then(|dir| Changes::of(dir, names).ok());
        let is_told = changes.is_some() && socket.parent().is_some_and(filesystem::is_local);
        let every = if is_told { LOOK_SELDOM } else { LOOK_EVERY };
        Ok(Watch { changes, every, look: Box::pin(sleep(until_next_look(every))), nudges: Nudges::listen()? })
    }

    /// Returns when it is time to look. Dropped before, it can be gone on with.
    pub(super) async fn stirred(&mut self) {
        loop {
            let changed = async {
                match &self.changes {
                    Some(changes) => changes.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed => self.look.as_mut().reset(Instant::now() + SETTLED_AFTER),
                () = self.nudges.next() => return,
                () = &mut self.look => {
                    self.look.as_mut().reset(Instant::now() + until_next_look(self.every));
                    return;
                }
            }
        }
    }
}

/// All doors look at the same moment, so that they are one wake-up.
fn until_next_look(every: Duration) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let every = every.as_millis() as u64;
    Duration::from_millis(every - now.as_millis() as u64 % every)
}
