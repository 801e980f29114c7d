//! What may wait for a disk: never on the agent's own thread, and never for ever.
//!
//! What writes, locks or moves runs on threads that may block, and is waited for fifteen seconds; a call that hangs
//! cannot be ended from outside, so its thread is left behind, and what it still does was never acknowledged. When the
//! agent ends, requests under way have five seconds and what is still to be written four; threads that hang are not
//! waited for. Files that a person names are read by `base::plain_file`: only if they are files, and only as long as
//! files of their kind can be.

use std::time::Duration;

use tokio::sync::oneshot;

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

/// Runs a call as [`within`] does. What was given up by time and is done all the same in the end, `late` is told: it
/// was answered with an error.
pub(crate) async fn within_or_late<R: Send + 'static>(
    time: Duration,
    call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
    late: impl FnOnce(&R) + Send + 'static,
) -> Result<R, Fault> {
    let (tell, mut told) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        if let Err(Ok(done)) = tell.send(call()) {
            late(&done);
        }
    });
    match tokio::time::timeout(time, &mut told).await {
        Ok(outcome) => outcome.map_err(|_| reason::Request::Internal)?,
        Err(_) => {
            // From here on it is late.
            told.close();
            told.try_recv().unwrap_or_else(|_| Err(silent(time)))
        }
    }
}

/// Waits at most this long for something that waits for a disk. A call that hangs cannot be ended from outside: its
/// thread is left behind, and what it still does was never acknowledged.
pub(crate) async fn in_time<R>(time: Duration, call: impl Future<Output = Result<R, Fault>>) -> Result<R, Fault> {
    tokio::time::timeout(time, call).await.unwrap_or_else(|_| Err(silent(time)))
}

pub(crate) async fn on_thread<R: Send + 'static>(
    call: impl FnOnce() -> Result<R, Fault> + Send + 'static,
) -> Result<R, Fault> {
    tokio::task::spawn_blocking(call).await.map_err(|_| reason::Request::Internal)?
}

fn silent(time: Duration) -> Fault {
    reason::Store::DiskSilent { seconds: time.as_secs() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_done_after_it_was_given_up_is_told_and_nothing_else_is() {
        for outcome in [Ok(()), Err(Fault::from(reason::Request::Internal))] {
            let is_done = outcome.is_ok();
            let (go, goes) = std::sync::mpsc::channel::<()>();
            let (ends, mut told) = tokio::sync::mpsc::channel(1);
            let call = move || {
                let _ = goes.recv();
                outcome
            };
            let late = move |_: &()| ends.blocking_send(()).unwrap();
            assert!(within_or_late(Duration::ZERO, call, late).await.is_err());
            go.send(()).unwrap();
            assert_eq!(told.recv().await.is_some(), is_done);
        }
        assert!(within_or_late(DISK_WITHIN, || Ok(()), |_: &()| panic!("it was in time")).await.is_ok());
    }
}
