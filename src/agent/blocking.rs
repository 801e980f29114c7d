//! What may wait for a disk: never on the agent's own thread, and never for ever.
//!
//! What writes, locks or moves runs on threads that may block, and is waited for fifteen seconds; a call that hangs
//! cannot be ended from outside, so its thread is left behind, and what it still does was never acknowledged. When the
//! agent ends, requests under way have five seconds and what is still to be written four; threads that hang are not
//! waited for. Files that a person names are read by `base::plain_file`: only if they are files, and only as long as
//! files of their kind can be.

use std::time::Duration;

use crate::wire::{Fault, reason};

/// How long a disk may take. One that needs longer hangs, or might as well for whoever waits.
pub(crate) const DISK_WITHIN: Duration = Duration::from_secs(15);

/// How long a disk may take where everything that is kept is written anew or moved, one by one perhaps.
pub(crate) const ALL_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Runs a call that may block on a thread of its own, and waits for it at most this long.
pub(crate) async fn within<R: Send + 'static>(
    time: Duration,
    call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
) -> Result<R, Fault> {
    in_time(time, on_thread(call)).await
}

/// Waits at most this long for something that waits for a disk. A call that hangs cannot be ended from outside: its
/// thread is left behind, and what it still does was never acknowledged.
pub(crate) async fn in_time<R>(time: Duration, call: impl Future<Output = Result<R, Fault>>) -> Result<R, Fault> {
    tokio::time::timeout(time, call)
        .await
        .unwrap_or_else(|_| Err(reason::Store::DiskSilent { seconds: time.as_secs() }.into()))
}

pub(crate) async fn on_thread<R: Send + 'static>(
    call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
) -> Result<R, Fault> {
    tokio::task::spawn_blocking(call).await.map_err(|_| reason::Request::Internal)?
}
