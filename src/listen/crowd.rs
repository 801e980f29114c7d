use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The connections: those that wait, for a word of their process or for their turn, and how many requests each process has
/// under way. When too many wait, the process that has most of them makes room: whoever holds connections open keeps
/// nobody else out.
#[derive(Default)]
pub(super) struct Crowd(Mutex<Connections>);

#[derive(Default)]
struct Connections {
    next: u64,
    /// How many wait, and per process who, oldest first.
    count: usize,
    waiting: HashMap<u32, BTreeMap<u64, oneshot::Sender<()>>>,
    turns: HashMap<u32, Arc<Semaphore>>,
}

/// A place among those who wait; given up when dropped.
pub(super) struct Place<'a> {
    crowd: &'a Crowd,
    pid: u32,
    number: u64,
    end: oneshot::Receiver<()>,
}

/// A request under way.
pub(super) struct Turn<'a> {
    crowd: &'a Crowd,
    pid: u32,
    permit: Option<OwnedSemaphorePermit>,
    waited: bool,
}

impl Crowd {
    /// Waits among at most `limit` others; beyond that somebody is sent away.
    pub(super) fn join(&self, pid: u32, limit: usize) -> Place<'_> {
        let (sender, end) = oneshot::channel();
        let mut all = self.lock();
        while all.count >= limit.max(1) {
            all.send_one_away();
        }
        let number = all.next;
        all.next += 1;
        all.count += 1;
        all.waiting.entry(pid).or_default().insert(number, sender);
        Place { crowd: self, pid, number, end }
    }

    /// Sends half of those who wait away, because descriptors ran out: others wait behind them to be let in.
    pub(super) fn thin(&self) {
        let mut all = self.lock();
        for _ in 0..all.count.div_ceil(2) {
            all.send_one_away();
        }
    }

    /// Returns once this process has fewer than `limit` requests under way.
    pub(super) async fn turn(&self, pid: u32, limit: usize) -> Turn<'_> {
        let turns = self.lock().turns.entry(pid).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone();
        match turns.clone().try_acquire_owned() {
            Ok(permit) => Turn { crowd: self, pid, permit: Some(permit), waited: false },
            // It is never closed.
            Err(_) => Turn { crowd: self, pid, permit: turns.acquire_owned().await.ok(), waited: true },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    /// The oldest of the process that has most.
    fn send_one_away(&mut self) {
        let most = self.waiting.iter().max_by_key(|(_, own)| own.len());
        let oldest = most.and_then(|(pid, own)| own.keys().next().map(|number| (*pid, *number)));
        if let Some((pid, number)) = oldest {
            self.remove(pid, number);
        }
    }

    fn remove(&mut self, pid: u32, number: u64) {
        let Some(own) = self.waiting.get_mut(&pid) else { return };
        self.count -= usize::from(own.remove(&number).is_some());
        if own.is_empty() {
            self.waiting.remove(&pid);
        }
    }
}

impl Place<'_> {
    /// Returns when this connection has to make room.
    pub(super) async fn sent_away(&mut self) {
        // The sender is only ever dropped.
        let _ = (&mut self.end).await;
    }
}

impl Turn<'_> {
    pub(super) fn had_to_wait(&self) -> bool {
        self.waited
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.crowd.lock().remove(self.pid, self.number);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.crowd.lock();
        self.permit = None;
        // Nobody else of that process has a turn, or waits for one.
        if all.turns.get(&self.pid).is_some_and(|turns| Arc::strong_count(turns) == 1) {
            all.turns.remove(&self.pid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_with_most_connections_that_wait_makes_room() {
        let crowd = Crowd::default();
        let lone = crowd.join(1, 4);
        let mut greedy: Vec<Place> = (0..6).map(|_| crowd.join(2, 4)).collect();
        assert!(crowd.lock().waiting.contains_key(&1), "one of its own had to go");
        assert_eq!(crowd.lock().count, 4);
        assert!(greedy[0].end.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
        drop((greedy, lone));
        assert!(crowd.lock().waiting.is_empty() && crowd.lock().count == 0);
    }

    #[tokio::test]
    async fn a_process_has_so_many_requests_under_way_and_others_have_theirs() {
        let crowd = Crowd::default();
        let both = [crowd.turn(1, 2).await, crowd.turn(1, 2).await];
        tokio::select! {
            biased;
            _ = crowd.turn(1, 2) => panic!("a third has to wait"),
            _ = crowd.turn(2, 2) => {}
        }
        drop(both);
        drop(crowd.turn(1, 2).await);
        assert!(crowd.lock().turns.is_empty());
    }
}
