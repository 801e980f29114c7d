use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The connections: those that wait, for a word of whoever made them or for their turn, and how many requests each has under
/// way. Who makes one is a process or an address. When too many wait, the one who has most of them makes room: whoever holds
/// connections open keeps nobody else out.
pub(super) struct Crowd<W>(Mutex<Connections<W>>);

struct Connections<W> {
    next: u64,
    /// How many wait, and of each who, oldest first.
    count: usize,
    waiting: HashMap<W, BTreeMap<u64, oneshot::Sender<()>>>,
    turns: HashMap<W, Arc<Semaphore>>,
}

/// Of whom there are several in a crowd.
pub(super) trait Who: Copy + Eq + Hash {}

impl<W: Copy + Eq + Hash> Who for W {}

/// A place among those who wait; given up when dropped.
pub(super) struct Place<'a, W: Who> {
    crowd: &'a Crowd<W>,
    who: W,
    number: u64,
    end: oneshot::Receiver<()>,
}

/// A request under way.
pub(super) struct Turn<'a, W: Who> {
    crowd: &'a Crowd<W>,
    who: W,
    permit: Option<OwnedSemaphorePermit>,
    waited: bool,
}

impl<W> Default for Crowd<W> {
    fn default() -> Self {
        Crowd(Mutex::new(Connections { next: 0, count: 0, waiting: HashMap::new(), turns: HashMap::new() }))
    }
}

impl<W: Who> Crowd<W> {
    /// Waits among at most `limit` others; beyond that somebody is sent away.
    pub(super) fn join(&self, who: W, limit: usize) -> Place<'_, W> {
        let (sender, end) = oneshot::channel();
        let mut all = self.lock();
        while all.count >= limit.max(1) {
            all.send_one_away();
        }
        let number = all.next;
        all.next += 1;
        all.count += 1;
        all.waiting.entry(who).or_default().insert(number, sender);
        Place { crowd: self, who, number, end }
    }

    /// Sends half of those who wait away, because descriptors ran out: others wait behind them to be let in.
    pub(super) fn thin(&self) {
        let mut all = self.lock();
        for _ in 0..all.count.div_ceil(2) {
            all.send_one_away();
        }
    }

    /// Returns once this one has fewer than `limit` requests under way.
    pub(super) async fn turn(&self, who: W, limit: usize) -> Turn<'_, W> {
        let turns = self.lock().turns.entry(who).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone();
        match turns.clone().try_acquire_owned() {
            Ok(permit) => Turn { crowd: self, who, permit: Some(permit), waited: false },
            // It is never closed.
            Err(_) => Turn { crowd: self, who, permit: turns.acquire_owned().await.ok(), waited: true },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Who> Connections<W> {
    /// The oldest of the one who has most.
    fn send_one_away(&mut self) {
        let most = self.waiting.iter().max_by_key(|(_, own)| own.len());
        let oldest = most.and_then(|(who, own)| own.keys().next().map(|number| (*who, *number)));
        if let Some((who, number)) = oldest {
            self.remove(who, number);
        }
    }

    fn remove(&mut self, who: W, number: u64) {
        let Some(own) = self.waiting.get_mut(&who) else { return };
        self.count -= usize::from(own.remove(&number).is_some());
        if own.is_empty() {
            self.waiting.remove(&who);
        }
    }
}

impl<W: Who> Place<'_, W> {
    /// Returns when this connection has to make room.
    pub(super) async fn sent_away(&mut self) {
        // The sender is only ever dropped.
        let _ = (&mut self.end).await;
    }
}

impl<W: Who> Turn<'_, W> {
    pub(super) fn had_to_wait(&self) -> bool {
        self.waited
    }
}

impl<W: Who> Drop for Place<'_, W> {
    fn drop(&mut self) {
        self.crowd.lock().remove(self.who, self.number);
    }
}

impl<W: Who> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        let mut all = self.crowd.lock();
        self.permit = None;
        // Nobody else of theirs has a turn, or waits for one.
        if all.turns.get(&self.who).is_some_and(|turns| Arc::strong_count(turns) == 1) {
            all.turns.remove(&self.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_with_most_connections_that_wait_makes_room() {
        let crowd = Crowd::<u32>::default();
        let lone = crowd.join(1, 4);
        let mut greedy: Vec<Place<'_, u32>> = (0..6).map(|_| crowd.join(2, 4)).collect();
        assert!(crowd.lock().waiting.contains_key(&1), "one of its own had to go");
        assert_eq!(crowd.lock().count, 4);
        assert!(greedy[0].end.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
        drop((greedy, lone));
        assert!(crowd.lock().waiting.is_empty() && crowd.lock().count == 0);
    }

    #[tokio::test]
    async fn a_process_has_so_many_requests_under_way_and_others_have_theirs() {
        let crowd = Crowd::<u32>::default();
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
