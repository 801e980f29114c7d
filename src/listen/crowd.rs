//! Nobody can keep others out.
//!
//! A connection has ten seconds to say something. A party may have 64 requests under way, more wait for their turn. One
//! that has lasted for five seconds, such as a login that waits for a person, is in nobody's way any more, up to 64 of
//! them. A party is a process, or all that come through a socket with a token: what is behind that may make as many
//! processes as it likes. Of 1,024 connections, or a third of what the descriptors allow, the party that has most makes
//! room, whatever its connections do: one that waits is closed, one that is being answered is hung up on, so that
//! whatever waits for its reader ends, while what was begun with a server or a store is finished. Requests are answered
//! concurrently, and a lock is held for moments or by those who open or change the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::agent::{Party, Place, Places};

/// The connections that are open, and how many requests of each one who made them are under way. When there are too
/// many connections, the one who has most of them makes room: whoever holds them open keeps nobody else out.
pub(super) struct Crowd {
    open: Places,
    turns: Turns,
    lasting: Turns,
}

/// How many more requests each party may have under way.
#[derive(Default)]
struct Turns(Mutex<HashMap<Party, Arc<Semaphore>>>);

/// A request under way.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    party: Party,
    permit: Option<OwnedSemaphorePermit>,
    waited: bool,
}

impl Crowd {
    pub(super) fn new(room: usize) -> Crowd {
        Crowd { open: Places::new(room), turns: Turns::default(), lasting: Turns::default() }
    }

    /// Takes a place. If none is free, a connection of the party that has most is sent away.
    pub(super) fn join(&self, party: Party) -> Place {
        self.open.push(party)
    }

    /// Sends half of them away, because descriptors ran out: others wait behind them to be let in.
    pub(super) fn thin(&self) {
        self.open.thin();
    }

    /// Returns once this one has fewer than `limit` requests under way.
    pub(super) async fn turn(&self, party: Party, limit: usize) -> Turn<'_> {
        match self.turn_now(party.clone(), limit) {
            Some(turn) => turn,
            // An error would mean that the semaphore was closed, which nobody does.
            None => {
                let permit = self.turns.of(&party, limit).acquire_owned().await.ok();
                Turn { turns: &self.turns, party, permit, waited: true }
            }
        }
    }

    /// A turn for this party, without waiting: `None` if it has `limit` requests under way.
    pub(super) fn turn_now(&self, party: Party, limit: usize) -> Option<Turn<'_>> {
        self.turns.take(party, limit)
    }

    /// A turn among the requests of this party that last: `None` if it has `limit` of them.
    pub(super) fn lasting_turn(&self, party: Party, limit: usize) -> Option<Turn<'_>> {
        self.lasting.take(party, limit)
    }
}

impl Turns {
    fn take(&self, party: Party, limit: usize) -> Option<Turn<'_>> {
        let permit = self.of(&party, limit).try_acquire_owned().ok()?;
        Some(Turn { turns: self, party, permit: Some(permit), waited: false })
    }

    fn of(&self, party: &Party, limit: usize) -> Arc<Semaphore> {
        self.lock().entry(party.clone()).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Party, Arc<Semaphore>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    pub(super) fn had_to_wait(&self) -> bool {
        self.waited
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.turns.lock();
        self.permit = None;
        // No other request of this party has a turn or waits for one.
        if all.get(&self.party).is_some_and(|turns| Arc::strong_count(turns) == 1) {
            all.remove(&self.party);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_has_so_many_requests_under_way_and_others_have_theirs() {
        let crowd = Crowd::new(1);
        let [one, other] = [1, 2].map(Party::process);
        let both = [crowd.turn(one.clone(), 2).await, crowd.turn(one.clone(), 2).await];
        tokio::select! {
            biased;
            _ = crowd.turn(one.clone(), 2) => panic!("a third has to wait"),
            _ = crowd.turn(other, 2) => {}
        }
        drop(both);
        drop(crowd.turn(one, 2).await);
        assert!(crowd.turns.lock().is_empty());
    }
}
