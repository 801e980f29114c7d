//! Whether the agent gives out anything, and until when. To lock it takes all rooms: that is in `agent`.
//!
//! Locked means empty: a lock drops accounts, stores and key, and nothing is loaded until `unlock`; there is no list of
//! what a locked agent still may. The key lies in one place of the heap, which its `Seal`s share, and the cipher zeroes
//! it; a list that is only cleared would keep what lay in it. Before it drops anything it waits for every turn
//! (`turns`): a renewal that is cut between the server and the store would end the login. Keys are opened on threads
//! that end, never on the agent's own, whose stack lives as long as it does. An agent that finds a passphrase starts
//! empty in the same sense.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{MutexGuard, Notify, watch};
use tokio::time::sleep;

use crate::agent::fault;
use crate::agent::life::attempts::Attempts;
use crate::agent::life::disk::Disk;
use crate::agent::life::flights::Flights;
use crate::agent::life::lock_note::LockNote;
use crate::agent::life::settings::Settings;
use crate::agent::life::stopping::Stopping;
use crate::base::{Moment, Paths, Secret, StoreChoice, Waiting, lock};
use crate::msg;
use crate::store::StoreKey;
use crate::wire::{Fault, reason};

/// How often the time of the lock is looked at while it is waited for: a timer stands still while the machine sleeps.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Whether the agent is locked, and what it takes to lock or unlock it.
pub(crate) struct Locking {
    /// The key of the sealed file, of which nothing is left in memory while the agent is locked.
    pub(crate) key: StoreKey,
    settings: Arc<Settings>,
    disk: Arc<Disk>,
    flights: Arc<Flights>,
    stopping: Arc<Stopping>,
    note: LockNote,
    closed: watch::Sender<bool>,
    /// Held while the agent is being locked or unlocked: passphrases are tried one at a time.
    turn: tokio::sync::Mutex<Attempts>,
    /// When somebody last asked for what is kept.
    used: Mutex<Moment>,
    /// Somebody asked for something since the time of the lock was last computed.
    asked: AtomicBool,
    news: Notify,
    /// Somebody asked after the time of the lock was over, so what is in memory has to go.
    overdue: Notify,
}

/// Why what is in memory has to go.
pub(crate) enum Due {
    /// Nobody asked for what is kept for as long as `lock_after` of the settings says.
    Idle,
    /// The agent was closed, by a request or by another agent of the same stores.
    Closed,
}

impl Locking {
    pub(crate) fn new(
        paths: &Paths,
        settings: Arc<Settings>,
        disk: Arc<Disk>,
        flights: Arc<Flights>,
        stopping: Arc<Stopping>,
    ) -> Locking {
        Locking {
            key: StoreKey::new(paths),
            settings,
            disk,
            flights,
            stopping,
            note: LockNote::new(paths),
            closed: watch::Sender::new(false),
            turn: tokio::sync::Mutex::default(),
            used: Mutex::new(Moment::now()),
            asked: AtomicBool::default(),
            news: Notify::new(),
            overdue: Notify::new(),
        }
    }

    /// Whether somebody has to unlock the agent before anything is given out.
    pub(crate) fn is_locked(&self) -> bool {
        let was_opened_elsewhere = self.note.is_obeyed() && !self.is_locked_everywhere();
        self.is_closed() && !was_opened_elsewhere || self.is_locked_everywhere() || self.needs_passphrase()
    }

    /// Whether this agent gives out nothing at the moment, whatever others of the same stores do.
    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Whether no agent of these stores gives out anything, until somebody unlocks them.
    pub(crate) fn is_closed_everywhere(&self) -> bool {
        self.is_closed() && (self.is_locked_everywhere() || !self.shares_stores())
    }

    /// From now on nobody gets anything. Says whether somebody did until now.
    pub(crate) fn close(&self) -> bool {
        !self.closed.send_replace(true)
    }

    /// From now on nobody gets anything; what is in memory goes as soon as nobody needs it for a renewal.
    pub(crate) fn close_soon(&self) {
        self.close();
        self.overdue.notify_one();
    }

    /// From now on somebody may ask again.
    pub(crate) fn open(&self) {
        self.closed.send_replace(false);
    }

    /// Returns once nobody gets anything.
    pub(crate) async fn closed(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Returns once nobody gets anything any more: for who came when nobody did, after the next time that it is open.
    pub(crate) async fn closed_again(&self) {
        let mut closed = self.closed.subscribe();
        let _ = closed.wait_for(|closed| !*closed).await;
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// Held by whoever locks or unlocks the agent.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, Attempts> {
        self.turn.lock().await
    }

    /// Opens the key, with the passphrase where one is needed. Each wrong one is answered later than the one before.
    /// Says whether the agent was locked, with the turn in which that holds.
    pub(crate) async fn open_key(&self, passphrase: Option<Secret>) -> Result<(bool, MutexGuard<'_, Attempts>), Fault> {
        let mut attempts = self.turn.lock().await;
        let was_locked = self.is_locked();
        if self.needs_passphrase() {
            let passphrase = passphrase.ok_or_else(passphrase_needed)?;
            self.rest(attempts.pause()).await?;
            let key = self.key.clone();
            let opened = tokio::task::spawn_blocking(move || key.unlock(&passphrase)).await;
            if let Err(error) = opened.map_err(|_| reason::Request::Internal)? {
                let wait = attempts.note();
                // The turn is given back before this wait, so that the right passphrase is not kept waiting by it.
                drop(attempts);
                self.rest(wait).await?;
                return Err(fault::from_store(error));
            }
        }
        *attempts = Attempts::default();
        Ok((was_locked, attempts))
    }

    async fn rest(&self, time: Duration) -> Result<(), Fault> {
        let _waiting = Waiting::begin(msg!("passphrase-pause", seconds = time.as_secs()));
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.stopping.asked() => Err(reason::Request::Stopping.into()),
        }
    }

    /// Whether the time is over after which the agent locks itself.
    pub(crate) fn is_overdue(&self) -> bool {
        self.time_left().is_some_and(|left| left.is_zero())
    }

    /// Notes that somebody asked for something, and whether for what is kept.
    pub(crate) fn note_request(&self, uses: bool) {
        if uses {
            *lock(&self.used) = Moment::now();
        }
        let locks_itself =
            !self.disk.hangs() && self.settings.config().is_ok_and(|config| config.lock_after().is_some());
        if locks_itself && !self.asked.swap(true, Ordering::Relaxed) {
            self.news.notify_one();
        }
    }

    /// Returns when what is in memory has to go: nobody asked for what is kept for as long as the settings say, or
    /// nobody is given anything any more.
    pub(crate) async fn due(&self) -> Due {
        loop {
            tokio::select! {
                () = self.news.notified() => {}
                () = self.overdue.notified() => return Due::Closed,
            }
            while self.disk.answers().await.is_ok()
                && let Some(left) = self.idle_time_left()
            {
                if left.is_zero() {
                    self.asked.store(false, Ordering::Relaxed);
                    return Due::Idle;
                }
                tokio::select! {
                    () = sleep(left.min(LOOK_AGAIN)) => {}
                    () = self.overdue.notified() => {
                        // The next call of this function goes on waiting for the same moment.
                        self.news.notify_one();
                        return Due::Closed;
                    }
                }
            }
            self.asked.store(false, Ordering::Relaxed);
        }
    }

    /// How long until the agent locks itself; nothing where it does not.
    fn idle_time_left(&self) -> Option<Duration> {
        self.time_left().filter(|_| !self.is_locked())
    }

    fn time_left(&self) -> Option<Duration> {
        let after = self.settings.config().ok()?.lock_after()?;
        // Whoever logs in is about to use it, however long approving takes.
        let idle = if self.flights.are_under_way() { Duration::ZERO } else { lock(&self.used).elapsed() };
        Some(after.saturating_sub(idle))
    }

    /// Whether the sealed file's key is closed by a passphrase. A key that cannot be read counts as not closed: what is
    /// wrong with it is said where it is used.
    pub(crate) fn needs_passphrase(&self) -> bool {
        self.settings.store_choice().is_ok_and(StoreChoice::is_shared)
            && self.key.needs_passphrase().unwrap_or_default()
    }

    /// From now on nobody gets anything from any agent of these stores; `false` where only this one could be told.
    pub(crate) async fn close_everywhere(&self) -> bool {
        let was_closed = !self.close();
        self.shares_stores() && self.note.leave(was_closed).await.is_ok()
    }

    /// Ends what [`close_everywhere`](Self::close_everywhere) began.
    pub(crate) async fn open_everywhere(&self) -> Result<(), Fault> {
        self.note.remove().await?;
        self.open();
        Ok(())
    }

    /// Does as the note says. Nobody gets anything from here on; what is in memory goes behind whoever asks, who may be
    /// in the middle of a renewal that is finished first.
    pub(crate) fn obey(&self) {
        if !self.shares_stores() {
            return;
        }
        match (self.note.is_there(), self.is_closed()) {
            (true, false) => {
                self.note.note_cause(true);
                self.close_soon();
            }
            // But not if its own time of the lock is over as well.
            (false, true) if self.note.note_cause(false) && !self.is_overdue() => self.open(),
            (true, true) | (false, _) => {}
        }
    }

    /// Whether the note locks every agent of these stores, for callers who may not wait until this one has obeyed it.
    fn is_locked_everywhere(&self) -> bool {
        self.shares_stores() && self.note.is_there()
    }

    fn shares_stores(&self) -> bool {
        self.settings.store_choice().is_ok_and(StoreChoice::is_shared)
    }
}

fn passphrase_needed() -> Fault {
    reason::Lock::PassphraseNeeded.into()
}
