//! Giving out nothing: the agent forgets what it holds, until somebody unlocks it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::state::lock;
use super::{Agent, fault};
use crate::base::{Secret, StoreChoice};
use crate::msg;
use crate::wire::{Code, Fault};

/// After a wrong passphrase the next one has to wait so long, then twice as long, and so on up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Whether the agent is locked, and what it takes to lock or unlock it.
pub(super) struct Locking {
    locked: watch::Sender<bool>,
    /// Held while the agent is being locked or unlocked: passphrases are tried one at a time.
    turn: tokio::sync::Mutex<Attempts>,
    /// When somebody last asked for what is kept.
    used: Mutex<Instant>,
    /// Somebody asked for something since the time of the lock was last computed.
    asked: AtomicBool,
    news: Notify,
}

/// The wrong passphrases since the last right one.
#[derive(Default)]
struct Attempts {
    wrong: u32,
    not_before: Option<Instant>,
}

impl Default for Locking {
    fn default() -> Self {
        Locking {
            locked: watch::Sender::new(false),
            turn: tokio::sync::Mutex::default(),
            used: Mutex::new(Instant::now()),
            asked: AtomicBool::default(),
            news: Notify::new(),
        }
    }
}

impl Locking {
    pub(super) fn is_locked(&self) -> bool {
        *self.locked.borrow()
    }

    /// From now on nobody gets anything.
    pub(super) fn close(&self) {
        self.locked.send_replace(true);
    }

    /// From now on somebody may ask again.
    pub(super) fn open(&self) {
        self.locked.send_replace(false);
    }

    /// Returns once the agent is being locked.
    pub(super) async fn locked(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.locked.subscribe().wait_for(|locked| *locked).await;
    }
}

impl Agent {
    /// Locks: from now on nobody gets anything, and what was kept in memory is gone when this returns; calls and logins under
    /// way end with what they hold. A renewal is waited for, because its server may have taken back what is stored.
    pub(super) async fn lock(&self) {
        self.locking.close();
        let _turn = self.locking.turn.lock().await;
        // Whoever had the turn may have unlocked it.
        self.locking.close();
        let _renewals = self.all_turns().await;
        self.save_again().await;
        let mut changing = self.changing.lock().await;
        *lock(&self.accounts) = None;
        *changing = None;
        self.forget_revocations();
        self.people.sign_ins.end_all();
        self.people.sessions.end_all();
        self.forget_devices().await;
        self.key.lock();
    }

    /// The same without being asked over the socket.
    pub async fn lock_by_itself(&self) {
        if !self.locking.is_locked() {
            self.lock().await;
            self.audit("lock", self.as_actor(), None, Ok(()));
        }
    }

    /// Unlocks, with the passphrase where one is needed, and reads what is kept.
    pub(super) async fn unlock(&self, passphrase: Option<Secret>) -> Result<(), Fault> {
        let mut attempts = self.locking.turn.lock().await;
        if self.needs_passphrase() {
            let passphrase = passphrase.ok_or_else(passphrase_needed)?;
            if let Some(at) = attempts.not_before {
                tokio::select! {
                    () = sleep_until(at) => {}
                    () = self.stopping.asked() => return Err(fault::stopping()),
                }
            }
            let key = self.key.clone();
            let opened = tokio::task::spawn_blocking(move || key.unlock(&passphrase)).await;
            if let Err(error) = opened.map_err(|_| fault::internal())? {
                let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.wrong)).min(LONGEST_WAIT);
                *attempts =
                    Attempts { wrong: attempts.wrong.saturating_add(1), not_before: Some(Instant::now() + wait) };
                return Err(fault::from_store(error));
            }
        }
        *attempts = Attempts::default();
        self.end_lock_everywhere().await?;
        self.locking.open();
        self.note_request(true);
        self.with_accounts(|_| ()).await
    }

    /// Whether somebody has to unlock it before anything is given out.
    pub(super) fn is_locked(&self) -> bool {
        let was_opened_elsewhere = self.lock_note.is_obeyed() && !self.is_locked_everywhere();
        self.locking.is_locked() && !was_opened_elsewhere || self.is_locked_everywhere() || self.needs_passphrase()
    }

    /// Notes that somebody asked for something, and whether for what is kept.
    pub(super) fn note_request(&self, uses: bool) {
        if uses {
            *lock(&self.locking.used) = Instant::now();
        }
        let locks_itself = self.config().is_ok_and(|config| config.lock_after().is_some());
        if locks_itself && !self.locking.asked.swap(true, Ordering::Relaxed) {
            self.locking.news.notify_one();
        }
    }

    /// Locks whenever nobody asked for what is kept for as long as the settings say.
    pub async fn lock_when_idle(self: Arc<Agent>) {
        loop {
            self.locking.news.notified().await;
            while let Some(left) = self.idle_time_left() {
                if left.is_zero() {
                    self.lock_by_itself().await;
                }
                sleep(left).await;
            }
            self.locking.asked.store(false, Ordering::Relaxed);
        }
    }

    /// How long until the agent locks itself; nothing where it does not.
    fn idle_time_left(&self) -> Option<Duration> {
        let after = self.config().ok()?.lock_after().filter(|_| !self.is_locked())?;
        // Whoever logs in is about to use it, however long approving takes.
        let idle = if self.flights.are_under_way() { Duration::ZERO } else { lock(&self.locking.used).elapsed() };
        Some(after.saturating_sub(idle))
    }

    /// What is wrong with the key is said by who needs it.
    pub(super) fn needs_passphrase(&self) -> bool {
        self.store_choice().is_ok_and(|choice| choice != StoreChoice::Memory)
            && self.key.needs_passphrase().unwrap_or_default()
    }
}

fn passphrase_needed() -> Fault {
    Fault::new(Code::Locked, msg!("passphrase-needed")).hint(msg!("hint-unlock"))
}
