//! Reads of the stores that may take long: those of a keyring, which is read call by call, each with an end of its own.
//!
//! Who changes something has the stores for itself and waits eight seconds for them. So a read begins with those at
//! hand, which costs no second opening and hears what others change, and lets go of them when it turns out to be long:
//! whoever comes meanwhile opens others. They are not all opened anew for every read, since each has a lookout of its
//! own, and memory is compared by the one of the stores at hand.

use tokio::time::timeout;

use crate::agent::accounts::Accounts;
use crate::agent::accounts::stores::{OUTAGE_AFTER, STORE_WITHIN, Stores, with_store_in};
use crate::agent::blocking::ALL_WITHIN;
use crate::base::lock;
use crate::store::{Cascade, Lookout, StoreError};
use crate::wire::{Fault, reason};

impl Accounts {
    /// Reads from the stores at hand. What may take long, nobody who changes something waits for: the stores are let go
    /// of then, and whoever comes meanwhile opens others.
    pub(super) async fn read_held<R: Send + 'static>(
        &self,
        held: &mut Option<Stores<'_>>,
        read: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, Fault> {
        let stores = held.as_mut().ok_or(reason::Request::Internal)?;
        if !stores.as_ref().is_some_and(Cascade::may_be_away) {
            return with_store_in(STORE_WITHIN, stores, read).await;
        }
        self.read_and_let_go(held, read).await
    }

    async fn read_and_let_go<R: Send + 'static>(
        &self,
        held: &mut Option<Stores<'_>>,
        read: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, Fault> {
        let mut taken = held.as_mut().and_then(|stores| stores.take());
        let lookout = lock(&self.lookout).clone();
        let mut reading = Box::pin(with_store_in(ALL_WITHIN, &mut taken, read));
        let outcome = match timeout(OUTAGE_AFTER, &mut reading).await {
            Ok(outcome) => outcome,
            Err(_) => {
                *held = None;
                (&mut reading).await
            }
        };
        drop(reading);
        match held {
            Some(stores) => **stores = taken,
            None => self.give_back(taken, lookout.as_ref()),
        }
        outcome
    }

    /// Puts stores back that were let go of, unless others have been opened or the agent was locked meanwhile: their
    /// lookout would be another than the one that is looked at.
    fn give_back(&self, taken: Option<Cascade>, lookout: Option<&Lookout>) {
        let Ok(mut stores) = self.changing.try_lock() else { return };
        let is_same = lookout.zip(lock(&self.lookout).as_ref()).is_some_and(|(then, now)| then.is(now));
        if stores.is_none() && is_same && !self.lock.is_closed() {
            *stores = taken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Agent;
    use crate::base::{Paths, StoreChoice, StoredIn};

    /// What becomes of the stores while they are read and this is done, and whether they are as before then.
    async fn read_while(act: impl AsyncFnOnce(&Accounts)) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::File)), false);
        let mut held = Some(agent.accounts.stores().await.unwrap());
        let before = lock(&agent.accounts.lookout).clone().unwrap();
        let (go, goes) = std::sync::mpsc::channel::<()>();
        let read = agent.accounts.read_and_let_go(&mut held, move |_| Ok(goes.recv()));
        let acted = async {
            act(&agent.accounts).await;
            go.send(()).unwrap();
        };
        let (read, ()) = tokio::join!(read, acted);
        assert!(read.unwrap().is_ok());
        drop(held);
        let stores = agent.accounts.changing.lock().await;
        stores.as_ref().is_some_and(|stores| stores.lookout().is(&before))
    }

    #[tokio::test]
    async fn a_long_read_keeps_nobody_from_a_change_and_gives_way_to_it() {
        assert!(!read_while(async |accounts| assert!(accounts.stores().await.unwrap().is_some())).await);
    }

    #[tokio::test]
    async fn the_stores_are_back_after_a_read_that_was_long_or_short() {
        assert!(read_while(async |_| ()).await);
        assert!(read_while(async |accounts| drop(accounts.changing.lock().await)).await);
    }

    #[tokio::test]
    async fn stores_that_were_let_go_of_do_not_come_back_to_a_locked_agent() {
        assert!(
            !read_while(async |accounts| {
                drop(accounts.changing.lock().await);
                accounts.lock.close();
            })
            .await
        );
    }
}
