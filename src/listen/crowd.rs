use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The connections that are open, and how many requests of each one who made them are under way. Who makes one is a process,
/// everybody at a socket with a token of its own, or an address. When there are too many, the one who has most of them makes
/// room: whoever holds connections open keeps nobody else out.
pub(super) struct Crowd<W>(Mutex<Connections<W>>);

struct Connections<W> {
    next: u64,
    /// How many there are, and of each who, oldest first.
    count: usize,
    open: HashMap<W, BTreeMap<u64, oneshot::Sender<()>>>,
    turns: HashMap<W, Arc<Semaphore>>,
}

/// Of whom there are several in a crowd.
pub(super) trait Who: Clone + Eq + Hash {}

impl<W: Clone + Eq + Hash> Who for W {}

/// A place for a connection; given up when dropped.
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
        Crowd(Mutex::new(Connections { next: 0, count: 0, open: HashMap::new(), turns: HashMap::new() }))
    }
}

impl<W: Who> Crowd<W> {
    /// Takes a place, of which there are `limit`; beyond that somebody is sent away.
    pub(super) fn join(&self, who: W, limit: usize) -> Place<'_, W> {
        let (sender, end) = oneshot::channel();
        let mut all = self.lock();
        while all.count >= limit.max(1) {
            all.send_one_away();
        }
        let number = all.next;
        all.next += 1;
        all.count += 1;
        all.open.entry(who.clone()).or_default().insert(number, sender);
        Place { crowd: self, who, number, end }
    }

    /// Sends half of them away, because descriptors ran out: others wait behind them to be let in.
    pub(super) fn thin(&self) {
        let mut all = self.lock();
        for _ in 0..all.count.div_ceil(2) {
            all.send_one_away();
        }
    }

    /// Returns once this one has fewer than `limit` requests under way.
    pub(super) async fn turn(&self, who: W, limit: usize) -> Turn<'_, W> {
        match self.turn_now(who.clone(), limit) {
            Some(turn) => turn,
            // It is never closed.
            None => {
                let turns = self.turns(&who, limit);
                Turn { crowd: self, who, permit: turns.acquire_owned().await.ok(), waited: true }
            }
        }
    }

    /// The same for who does not wait.
    pub(super) fn turn_now(&self, who: W, limit: usize) -> Option<Turn<'_, W>> {
        let permit = self.turns(&who, limit).try_acquire_owned().ok()?;
        Some(Turn { crowd: self, who, permit: Some(permit), waited: false })
    }

    fn turns(&self, who: &W, limit: usize) -> Arc<Semaphore> {
        self.lock().turns.entry(who.clone()).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Connections<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Who> Connections<W> {
    /// The oldest of the one who has most; among those who have as many, of all.
    fn send_one_away(&mut self) {
        let oldest = |own: &BTreeMap<u64, _>| own.keys().next().copied().unwrap_or_default();
        let most = self.open.iter().max_by_key(|(_, own)| (own.len(), Reverse(oldest(own))));
        if let Some((who, number)) = most.map(|(who, own)| (who.clone(), oldest(own))) {
            self.remove(&who, number);
        }
    }

    fn remove(&mut self, who: &W, number: u64) {
        let Some(own) = self.open.get_mut(who) else { return };
        self.count -= usize::from(own.remove(&number).is_some());
        if own.is_empty() {
            self.open.remove(who);
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
        self.crowd.lock().remove(&self.who, self.number);
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
    fn the_process_with_most_connections_makes_room() {
        let crowd = Crowd::<u32>::default();
        let lone = crowd.join(1, 4);
        let mut greedy: Vec<Place<'_, u32>> = (0..6).map(|_| crowd.join(2, 4)).collect();
        assert!(crowd.lock().open.contains_key(&1), "one of its own had to go");
        assert_eq!(crowd.lock().count, 4);
        assert!(greedy[0].end.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed));
        drop((greedy, lone));
        assert!(crowd.lock().open.is_empty() && crowd.lock().count == 0);
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
