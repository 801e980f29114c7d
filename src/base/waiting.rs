//! What this process waits for at the moment: for whoever asks why an answer does not come.
//!
//! What lasts for as long as somebody wants it (a lease, a follower of the log) gives back its turn, so that it is not
//! in the way of other requests of the same program.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Message;

/// Says that this process waits for something, for as long as the value is held.
#[must_use]
pub struct Waiting(u64);

/// Everything that this process waits for, each with the time at which that began, in this order.
struct Waits {
    next: u64,
    all: BTreeMap<u64, (Instant, Message)>,
}

/// How many waits are told of at most.
const MOST: usize = 3;

impl Waiting {
    /// Begins a wait for what this sentence names.
    pub fn begin(what: Message) -> Waiting {
        let mut waits = lock();
        let number = waits.next;
        waits.next += 1;
        waits.all.insert(number, (Instant::now(), what));
        Waiting(number)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock().all.remove(&self.0);
    }
}

/// What this process has been waiting for during at least `time`: at most three sentences, the longest wait first, none
/// of them twice.
pub fn for_longer_than(time: Duration) -> Vec<Message> {
    let mut found: Vec<Message> = Vec::new();
    for (_, what) in lock().all.values().filter(|(since, _)| since.elapsed() >= time) {
        if found.len() < MOST && !found.contains(what) {
            found.push(what.clone());
        }
    }
    found
}

fn lock() -> MutexGuard<'static, Waits> {
    static WAITS: Mutex<Waits> = Mutex::new(Waits { next: 0, all: BTreeMap::new() });
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg;

    #[test]
    fn what_is_waited_for_is_known_for_as_long_as_it_is() {
        let is_known = |time| for_longer_than(time).contains(&msg!("said", text = "this test"));
        let waits = [0, 1].map(|_| Waiting::begin(msg!("said", text = "this test")));
        assert!(is_known(Duration::ZERO));
        assert!(!is_known(Duration::from_secs(60)));
        drop(waits);
        assert!(!is_known(Duration::ZERO));
    }
}
