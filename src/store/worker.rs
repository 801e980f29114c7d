//! Calls on a thread with a deadline.
//!
//! Every call of the keyring is waited for five seconds. One that hangs cannot be ended from outside; its thread is
//! left behind and a new one is made.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// A thread that owns something whose calls may hang, so that whoever asks waits only so long.
///
/// What hangs cannot be ended from outside; its thread is left behind and dies when the call returns.
pub(super) struct Worker<T> {
    jobs: Sender<Job<T>>,
}

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The call did not return in time; the worker is of no more use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TimedOut;

impl<T: 'static> Worker<T> {
    /// Starts the thread, which makes the value that it owns with `make`.
    pub(super) fn start<E: Send + 'static>(
        make: impl FnOnce() -> Result<T, E> + Send + 'static,
        within: Duration,
    ) -> Result<Result<Worker<T>, E>, TimedOut> {
        let (jobs, inbox) = channel::<Job<T>>();
        let (made, wait) = channel();
        // Else it would have the name of whoever started it.
        let thread = thread::Builder::new().name("store".to_owned());
        let started = thread.spawn(move || match make() {
            Ok(owned) => {
                if made.send(Ok(())).is_ok() {
                    serve(owned, inbox);
                }
            }
            Err(error) => drop(made.send(Err(error))),
        });
        started.map_err(|_| TimedOut)?;
        match wait.recv_timeout(within) {
            Ok(Ok(())) => Ok(Ok(Worker { jobs })),
            Ok(Err(error)) => Ok(Err(error)),
            Err(_) => Err(TimedOut),
        }
    }

    /// Runs the call on the thread and waits for what it returns.
    pub(super) fn call<R: Send + 'static>(
        &self,
        call: impl FnOnce(&mut T) -> R + Send + 'static,
        within: Duration,
    ) -> Result<R, TimedOut> {
        let (done, wait) = channel();
        let job: Job<T> = Box::new(move |owned| drop(done.send(call(owned))));
        self.jobs.send(job).map_err(|_| TimedOut)?;
        wait.recv_timeout(within).map_err(|_| TimedOut)
    }
}

fn serve<T>(mut owned: T, inbox: Receiver<Job<T>>) {
    while let Ok(job) = inbox.recv() {
        job(&mut owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_hangs_costs_its_deadline_and_no_more() {
        let worker = Worker::start(|| Ok::<_, ()>(1), Duration::from_secs(5)).unwrap().unwrap();
        assert_eq!(worker.call(|n| *n + 1, Duration::from_secs(5)), Ok(2));
        let (release, hang) = channel::<()>();
        assert_eq!(worker.call(move |_| hang.recv().is_ok(), Duration::from_millis(20)), Err(TimedOut));
        drop(release);
    }
}
