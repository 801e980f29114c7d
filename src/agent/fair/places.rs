//! A bounded number of things that go on for a while, such as connections. When all places are taken, one of the party
//! that has most is told to go, so whoever has few always finds a place.

use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, oneshot};

use crate::agent::fair::party::Party;
use crate::agent::fair::shares::Shares;
use crate::base::lock;

/// What goes on for a while, of which there is only so much at once: connections, calls, looks at the log. When it is
/// too much, one of those who have most is told to end.
#[derive(Clone, Debug)]
pub struct Places {
    taken: Arc<Mutex<Shares<oneshot::Sender<()>>>>,
    /// Told whenever one is given up.
    freed: Arc<Notify>,
}

/// A place; given up when dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    number: u64,
    end: oneshot::Receiver<()>,
}

impl Places {
    /// A pool of this many places.
    pub fn new(most: usize) -> Places {
        Places { taken: Arc::new(Mutex::new(Shares::new(most))), freed: Arc::default() }
    }

    /// Takes a place, for which somebody else may have to go; nothing for the one who has most.
    pub fn join(&self, party: Party) -> Option<Place> {
        let (sender, end) = oneshot::channel();
        let (number, _gone) = lock(&self.taken).join(party, sender).ok()?;
        Some(Place { places: self.clone(), number, end })
    }

    /// Takes a place, for which another may have to go: if this party has most places, its own oldest.
    pub fn push(&self, party: Party) -> Place {
        let (sender, end) = oneshot::channel();
        let (number, _gone) = lock(&self.taken).push(party, sender);
        Place { places: self.clone(), number, end }
    }

    /// Takes a place. If this party has most places it waits until one is free for it.
    pub async fn wait(&self, party: Party) -> Place {
        loop {
            if let Some(place) = self.join(party.clone()) {
                return place;
            }
            self.freed.notified().await;
        }
    }

    /// Sends half of them away, because descriptors ran out: others wait behind them to be let in.
    pub fn thin(&self) {
        let mut all = lock(&self.taken);
        for _ in 0..all.len().div_ceil(2) {
            all.send_one_away();
        }
    }
}

impl Place {
    /// Returns when this one has to make room.
    pub async fn sent_away(&mut self) {
        // The sender is only ever dropped.
        let _ = (&mut self.end).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places.taken).remove(self.number);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_with_most_connections_makes_room() {
        let places = Places::new(4);
        let mut lone = places.push(Party::process(1));
        let mut greedy: Vec<Place> = (0..6).map(|_| places.push(Party::process(2))).collect();
        let is_sent_away = |place: &mut Place| place.end.try_recv() == Err(oneshot::error::TryRecvError::Closed);
        assert!(!is_sent_away(&mut lone));
        assert!(is_sent_away(&mut greedy[0]));
        assert!(!is_sent_away(&mut greedy[5]));
        assert!(places.join(Party::process(2)).is_none());
        assert!(places.join(Party::process(3)).is_some());
        places.thin();
        drop((greedy, lone));
        assert_eq!(lock(&places.taken).len(), 0);
    }

    #[tokio::test]
    async fn who_has_most_waits_until_one_is_free() {
        let places = Places::new(1);
        let first = places.wait(Party::process(1)).await;
        tokio::select! {
            biased;
            _ = places.wait(Party::process(1)) => panic!("there is none"),
            () = std::future::ready(()) => {}
        }
        let (waits, ()) = tokio::join!(places.wait(Party::process(1)), async { drop(first) });
        drop(waits);
    }
}
