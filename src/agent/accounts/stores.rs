//! The stores, and memory as a copy of them: compared before it is used, read again where it has to be.
//!
//! A person may have several agents on one store: the desktop's and the one over SSH, or two machines on one home. So
//! the stores have the truth. Before what is in memory is used, one look tells whether they are as they were when they
//! were read (`store::lookout`: the stamps of file and key, and of the keyring what `store::watch` heard), and they are
//! read again if not.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::agent::accounts::Accounts;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::outage::Outage;
use crate::agent::blocking::{ALL_WITHIN, in_time, within, within_or_late};
use crate::agent::fault;
use crate::base::StoreChoice;
use crate::base::lock;
use crate::store::{Cascade, Lookout, StoreError};
use crate::wire::{Code, Fault, reason};

/// How long a keyring that changed may take to be read. After that it is taken to hang, and the copy in memory is used.
pub(super) const OUTAGE_AFTER: Duration = Duration::from_millis(500);

/// Longer than a call to a keyring takes until it is given up.
const KNOWN_AFTER: Duration = Duration::from_secs(6);

/// The stores while one changes something in them.
pub(crate) type Stores<'a> = tokio::sync::MutexGuard<'a, Option<Cascade>>;

/// Longer than a store takes that works. Whoever asked is told; what hangs ends when it ends.
pub(crate) const STORE_WITHIN: Duration = Duration::from_secs(8);

/// How often the stores are read for one question while others change them.
const READS: usize = 5;

impl Accounts {
    /// Looks at the accounts as the stores have them now, whoever changed them.
    pub(crate) async fn with<R>(&self, look: impl FnOnce(&Index) -> R) -> Result<R, Fault> {
        self.refresh().await?;
        // Settings that make no sense change nothing; whoever asks is told.
        let settings = self.settings.config().ok();
        let mut memory = lock(&self.memory);
        let accounts = memory.as_mut().ok_or(reason::Lock::AgentLocked)?;
        settings.into_iter().for_each(|settings| accounts.follow(settings));
        Ok(look(accounts))
    }

    /// Looks at the accounts if they have been read already, and at no disk: what the agent does by itself looks too.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Index) -> R) -> Option<R> {
        lock(&self.memory).as_ref().map(look)
    }

    /// The keys under which an older Loom kept what nobody claimed yet.
    pub(crate) async fn unclaimed(&self) -> Result<Vec<String>, Fault> {
        self.read_stores(Cascade::legacy_keys).await
    }

    /// The stores, for whoever changes something; one at a time.
    pub(crate) async fn stores(&self) -> Result<Stores<'_>, Fault> {
        self.allow()?;
        let mut stores = self.exclusive().await?;
        if stores.is_none() || self.are_others_meant() {
            let choice = self.settings.store_choice()?;
            let store = self.opened().await?;
            *lock(&self.lookout) = Some(store.lookout());
            *lock(&self.opened_as) = Some(choice);
            *stores = Some(store);
        }
        Ok(stores)
    }

    /// The stores for this caller alone, opened or not.
    pub(crate) async fn exclusive(&self) -> Result<Stores<'_>, Fault> {
        let stores = in_time(STORE_WITHIN, async { Ok(self.changing.lock().await) }).await?;
        if self.lock.is_closed() { Err(reason::Lock::AgentLocked.into()) } else { Ok(stores) }
    }

    /// Other stores are in use from now on.
    pub(crate) fn look_at(&self, lookout: Lookout, choice: StoreChoice) {
        *lock(&self.lookout) = Some(lookout);
        *lock(&self.opened_as) = Some(choice);
    }

    /// Whether the settings name other stores than those that are open: somebody, perhaps through another agent, moved
    /// what is kept. What is in memory only stays until the agent ends, and nothing moves there.
    fn are_others_meant(&self) -> bool {
        let (opened, meant) = (*lock(&self.opened_as), self.settings.store_choice().ok());
        opened.zip(meant).is_some_and(|(opened, meant)| opened != meant && opened.is_shared() && meant.is_shared())
    }

    /// Nobody gets anything from an agent that is locked, by whichever agent of the same stores.
    fn allow(&self) -> Result<(), Fault> {
        self.lock_if_due();
        self.lock.obey();
        if self.lock.is_closed() { Err(reason::Lock::AgentLocked.into()) } else { Ok(()) }
    }

    /// Has in memory what the stores have. Most often one look tells that nothing changed; else they are read, which
    /// waits for nobody who changes something.
    async fn refresh(&self) -> Result<(), Fault> {
        self.allow()?;
        let is_current = || self.is_as_read() && !self.are_others_meant();
        if is_current() {
            return Ok(());
        }
        self.read_until(is_current).await
    }

    /// Whether the stores that are open are as they were when they were read.
    fn is_as_read(&self) -> bool {
        let version = lock(&self.lookout).as_ref().map(Lookout::look);
        version.is_some_and(|now| lock(&self.memory).as_ref().is_some_and(|known| *known.version() == now))
    }

    /// Has in memory what the stores have, whatever a look tells: over a network it may be seconds old. For who could
    /// do harm with what is not there any more, so memory does not do where the keyring cannot be read.
    pub(crate) async fn read_anew(&self) -> Result<(), Fault> {
        self.allow()?;
        self.read_until(|| false).await?;
        self.outage().map_or(Ok(()), Err)
    }

    async fn read_until(&self, is_current: impl Fn() -> bool) -> Result<(), Fault> {
        let asked = Instant::now();
        let _reading = in_time(STORE_WITHIN, async { Ok(self.reading.lock().await) }).await?;
        if lock(&self.outage).as_ref().is_some_and(|outage| outage.since >= asked) {
            // Whoever asked before found out for all who waited.
            return Ok(());
        }
        // What somebody changed while it was read may not be in what was read.
        for nth in 0..READS {
            // Of many quick changes in a row each would outdate what is read meanwhile: then it is read between two of
            // them.
            let mut between = match nth {
                0 => None,
                _ => timeout(OUTAGE_AFTER, self.changing.lock()).await.ok().filter(|stores| stores.is_some()),
            };
            if is_current() {
                return Ok(());
            }
            let known = self.look(Index::changes);
            let all = |store: &mut Cascade| {
                let version = store.lookout().look();
                let all = store.load()?;
                Ok((all, store.damaged(), version))
            };
            let read = async {
                if between.is_some() && !self.are_others_meant() {
                    self.read_held(&mut between, all).await
                } else {
                    self.read_stores(all).await
                }
            };
            let outage = lock(&self.outage).as_ref().map(|outage| outage.first);
            // One that is slow and works is waited for: by then it is known whether it hangs, and whoever asks it sees
            // that soon.
            let is_known = outage.is_some_and(|first| first.elapsed() >= KNOWN_AFTER);
            let read = if self.only_the_keyring_changed() && !is_known {
                timeout(OUTAGE_AFTER, read).await.unwrap_or_else(|_| Err(fault::keyring_hangs()))
            } else {
                read.await
            };
            let (all, damaged, version) = match read {
                // What is in memory is as good as what nobody can read, until somebody can.
                Err(fault)
                    if fault.code() == Code::Unavailable
                        && (self.only_the_keyring_changed() || self.are_others_meant() && self.is_as_read()) =>
                {
                    *lock(&self.outage) =
                        Some(Outage { since: Instant::now(), first: outage.unwrap_or_else(Instant::now), fault });
                    return Ok(());
                }
                Err(fault) if fault.code() == Code::Unavailable && self.goes_on_without_keyring().await => {
                    *lock(&self.outage) =
                        Some(Outage { since: Instant::now(), first: outage.unwrap_or_else(Instant::now), fault });
                    return Ok(());
                }
                read => read?,
            };
            *lock(&self.outage) = None;
            let mut accounts = lock(&self.memory);
            // Whoever locks closes first and then clears this.
            if self.lock.is_closed() {
                return Err(reason::Lock::AgentLocked.into());
            }
            if accounts.as_ref().map(Index::changes) == known {
                accounts.get_or_insert_default().read(all, damaged, version);
                return Ok(());
            }
        }
        Err(reason::Store::Busy.into())
    }

    /// Reads something from the stores: from those at hand, or through others while somebody changes something there.
    pub(crate) async fn read_stores<R: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, Fault> {
        let is_shared = lock(&self.lookout).as_ref().is_some_and(Lookout::is_shared);
        let mut others = match self.changing.try_lock() {
            Ok(stores) if stores.is_some() && !self.are_others_meant() => {
                return self.read_held(&mut Some(stores), read).await;
            }
            Err(_) if is_shared => Some(self.opened().await?),
            Ok(_) | Err(_) => None,
        };
        if others.is_none() {
            return self.read_held(&mut Some(self.stores().await?), read).await;
        }
        with_store_in(reads_within(&others), &mut others, read).await
    }

    pub(crate) async fn opened(&self) -> Result<Cascade, Fault> {
        let choice = self.settings.store_choice()?;
        let (paths, key) = (self.paths.clone(), self.lock.key.clone());
        within(STORE_WITHIN, move || Cascade::open(choice, &paths, &key).map_err(fault::from_store)).await
    }
}

/// How long everything may take to be read. Where it is read call by call, each has an end of its own, and all together
/// take the longer the more is kept: whoever does not wait for them does not have the next one begin anew.
fn reads_within(stores: &Option<Cascade>) -> Duration {
    if stores.as_ref().is_some_and(Cascade::may_be_away) { ALL_WITHIN } else { STORE_WITHIN }
}

/// Runs a call on the store, which may block, on a thread that may.
pub(crate) async fn with_store<R: Send + 'static>(
    changing: &mut Option<Cascade>,
    call: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
) -> Result<R, Fault> {
    with_store_in(STORE_WITHIN, changing, call).await
}

/// Runs a call on the store on a thread that may block, and waits this long: for calls that take longer the more is
/// kept.
pub(crate) async fn with_store_in<R: Send + 'static>(
    time: Duration,
    changing: &mut Option<Cascade>,
    call: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
) -> Result<R, Fault> {
    with_store_or_late(time, changing, call, || {}).await
}

/// Runs a call on the store as [`with_store_in`] does. What was given up by time and is done all the same in the end,
/// `late` is told.
pub(crate) async fn with_store_or_late<R: Send + 'static>(
    time: Duration,
    changing: &mut Option<Cascade>,
    call: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
    late: impl FnOnce() + Send + 'static,
) -> Result<R, Fault> {
    let mut store = changing.take().ok_or(reason::Request::Internal)?;
    let call = move || {
        let outcome = call(&mut store);
        Ok((store, outcome))
    };
    let late = move |(_, outcome): &(Cascade, Result<R, StoreError>)| {
        if outcome.is_ok() {
            late();
        }
    };
    let (store, outcome) = within_or_late(time, call, late).await?;
    *changing = Some(store);
    outcome.map_err(fault::from_store)
}
