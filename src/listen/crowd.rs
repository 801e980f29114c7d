use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

/// The connections that have said nothing yet, oldest first. When there are too many, the oldest makes room: whoever
/// holds connections open without asking anything cannot keep others out.
#[derive(Default)]
pub(super) struct Crowd(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    next: u64,
    ends: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A place among the waiting; given up when dropped.
pub(super) struct Place<'a> {
    crowd: &'a Crowd,
    number: u64,
    end: oneshot::Receiver<()>,
}

impl Crowd {
    /// Waits among at most `limit` others; the oldest beyond that are sent away.
    pub(super) fn join(&self, limit: usize) -> Place<'_> {
        let (sender, end) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.ends.len() >= limit.max(1) {
            waiting.ends.pop_first();
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.ends.insert(number, sender);
        Place { crowd: self, number, end }
    }

    /// Sends the oldest away, for instance because descriptors ran out.
    pub(super) fn thin(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ends.pop_first();
    }
}

impl Place<'_> {
    /// Returns when this connection has to make room.
    pub(super) async fn sent_away(&mut self) {
        // The sender is only ever dropped.
        let _ = (&mut self.end).await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner).ends.remove(&self.number);
    }
}
