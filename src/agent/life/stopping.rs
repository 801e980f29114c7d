//! An end drops nobody.
//!
//! A stopping agent lets in who had connected, gives who said nothing yet a second, and answers. What a killed agent
//! took with it a front-end asks the next one, once, if asking changes nothing (`Verb::REPEATABLE`); it waits until the
//! old process is gone, because one that dies can be connected to for a moment longer. Of a herd one starts the agent,
//! the others look whether it listens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::base::lock;

/// The end of the agent: who asks for it, who hears of it, and what is still to be done.
pub struct Stopping {
    asked: watch::Sender<bool>,
    /// What is under way: requests, chores, and connections on which a request may be.
    busy: Arc<Count>,
    requests: Arc<Count>,
    /// When the last request was answered.
    answered: Mutex<Instant>,
}

/// Held while something is done that the agent does not end before.
pub struct Busy(Arc<Count>);

/// Held while a request is answered. An agent that ends when it is idle counts from the end of the last one.
pub struct Asked<'a> {
    stopping: &'a Stopping,
    _busy: [Busy; 2],
}

#[derive(Default)]
struct Count {
    number: AtomicUsize,
    one_less: Notify,
}

impl Default for Stopping {
    fn default() -> Self {
        let answered = Mutex::new(Instant::now());
        Stopping { asked: watch::Sender::new(false), busy: Arc::default(), requests: Arc::default(), answered }
    }
}

impl Stopping {
    /// Asks the agent to end.
    pub fn ask(&self) {
        self.asked.send_replace(true);
    }

    /// Returns once somebody asked the agent to end.
    pub async fn asked(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.asked.subscribe().wait_for(|asked| *asked).await;
    }

    /// Whether the agent was asked to end.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Notes that something is under way, before whose end the agent does not end.
    pub fn busy(&self) -> Busy {
        Busy::of(&self.busy)
    }

    /// Notes a request.
    pub fn request(&self) -> Asked<'_> {
        Asked { stopping: self, _busy: [Busy::of(&self.requests), self.busy()] }
    }

    /// Returns once nothing is under way.
    pub async fn done(&self) {
        self.busy.none().await;
    }

    /// Returns once one more request was answered.
    pub async fn answered(&self) {
        self.requests.one_less.notified().await;
    }

    /// Returns once no request is under way and the last one was answered this long ago.
    pub async fn idle_for(&self, time: Duration) {
        loop {
            self.requests.none().await;
            let end = *lock(&self.answered) + time;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

impl Count {
    async fn none(&self) {
        loop {
            let one_less = self.one_less.notified();
            if self.number.load(Ordering::Relaxed) == 0 {
                return;
            }
            one_less.await;
        }
    }
}

impl Busy {
    fn of(count: &Arc<Count>) -> Busy {
        count.number.fetch_add(1, Ordering::Relaxed);
        Busy(count.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.number.fetch_sub(1, Ordering::Relaxed);
        self.0.one_less.notify_waiters();
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        *lock(&self.stopping.answered) = Instant::now();
    }
}
