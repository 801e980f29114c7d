use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// The end of the agent: who asks for it, who hears of it, and which requests are still being answered.
pub struct Stopping {
    asked: watch::Sender<bool>,
    busy: AtomicUsize,
    one_less: Notify,
}

/// Held while a request is being answered; the agent does not end before it is dropped.
pub struct Busy<'a>(&'a Stopping);

impl Default for Stopping {
    fn default() -> Self {
        Stopping { asked: watch::Sender::new(false), busy: AtomicUsize::new(0), one_less: Notify::new() }
    }
}

impl Stopping {
    /// Asks the agent to end.
    pub fn ask(&self) {
        self.asked.send_replace(true);
    }

    /// Returns once it was asked.
    pub async fn asked(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.asked.subscribe().wait_for(|asked| *asked).await;
    }

    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    pub fn busy(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self)
    }

    /// Returns once no request is being answered.
    pub async fn idle(&self) {
        loop {
            let one_less = self.one_less.notified();
            if self.busy.load(Ordering::Relaxed) == 0 {
                return;
            }
            one_less.await;
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
        self.0.one_less.notify_waiters();
    }
}
