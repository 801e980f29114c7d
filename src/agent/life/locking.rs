//! Giving out nothing: the agent forgets what it holds, until somebody unlocks it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::agent::Agent;
use crate::agent::fault;
use crate::agent::state::lock;
use crate::base::{Moment, Secret, StoreChoice, Waiting};
use crate::msg;
use crate::wire::{Code, Fault};

/// Who tries a wrong passphrase hears so only after so long, the next one after twice as long, and so on up to the longest.
/// A right one waits for nobody's wrong ones but while they are tried.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// So many wrong ones in so long are tried as they come; then one in each pause, however many try.
const MOST_WRONG: usize = 10;
const LATELY: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// How often the time of the lock is looked at while it is waited for: a timer stands still while the machine sleeps.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Whether the agent is locked, and what it takes to lock or unlock it.
pub(crate) struct Locking {
    locked: watch::Sender<bool>,
    /// Held while the agent is being locked or unlocked: passphrases are tried one at a time.
    turn: tokio::sync::Mutex<Attempts>,
    /// When somebody last asked for what is kept.
    used: Mutex<Moment>,
    /// Somebody asked for something since the time of the lock was last computed.
    asked: AtomicBool,
    news: Notify,
    /// Somebody asked when it was over: what is in memory has to go.
    overdue: Notify,
}

/// The wrong passphrases since the last right one: how many, and when the latest were tried.
#[derive(Default)]
struct Attempts {
    wrong: u32,
    lately: Vec<Moment>,
}

impl Attempts {
    /// One more; how long to keep it to oneself.
    fn note(&mut self) -> Duration {
        self.lately.retain(|at| at.elapsed() < LATELY);
        self.lately.push(Moment::now());
        self.lately.drain(..self.lately.len().saturating_sub(MOST_WRONG + 1));
        self.wrong = self.wrong.saturating_add(1);
        FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.wrong - 1)).min(LONGEST_WAIT)
    }

    /// How long the next one has to wait, whoever tries it.
    fn pause(&self) -> Duration {
        let lately = self.lately.iter().filter(|at| at.elapsed() < LATELY).count();
        let last = self.lately.last().filter(|_| lately > MOST_WRONG);
        last.map_or(Duration::ZERO, |last| (*last + PAUSE).left())
    }
}

impl Default for Locking {
    fn default() -> Self {
        Locking {
            locked: watch::Sender::new(false),
            turn: tokio::sync::Mutex::default(),
            used: Mutex::new(Moment::now()),
            asked: AtomicBool::default(),
            news: Notify::new(),
            overdue: Notify::new(),
        }
    }
}

impl Locking {
    pub(crate) fn is_locked(&self) -> bool {
        *self.locked.borrow()
    }

    /// From now on nobody gets anything.
    pub(crate) fn close(&self) {
        self.locked.send_replace(true);
    }

    /// The same; what is in memory goes as soon as nobody needs it for a renewal.
    pub(crate) fn close_soon(&self) {
        self.close();
        self.overdue.notify_one();
    }

    /// From now on somebody may ask again.
    pub(crate) fn open(&self) {
        self.locked.send_replace(false);
    }

    /// Returns once the agent is being locked.
    pub(crate) async fn locked(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.locked.subscribe().wait_for(|locked| *locked).await;
    }
}

impl Agent {
    /// Locks: from now on nobody gets anything, and what was kept in memory is gone when this returns; calls and logins under
    /// way end with what they hold. A renewal is waited for, because its server may have taken back what is stored.
    pub(crate) async fn lock(&self) {
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
            self.lock_alone().await;
        }
    }

    /// Nobody is given anything; somebody may have opened it again meanwhile.
    async fn lock_if_closed(&self) {
        if self.locking.is_locked() {
            self.lock_alone().await;
        }
    }

    async fn lock_alone(&self) {
        self.lock().await;
        self.audit("lock", self.as_actor(), None, Ok(()));
        let _ = self.rights_noted().await;
    }

    /// Unlocks, with the passphrase where one is needed, and reads what is kept.
    pub(crate) async fn unlock(&self, passphrase: Option<Secret>) -> Result<(), Fault> {
        let mut attempts = self.locking.turn.lock().await;
        if self.needs_passphrase() {
            let passphrase = passphrase.ok_or_else(passphrase_needed)?;
            self.rest(attempts.pause()).await?;
            let key = self.key.clone();
            let opened = tokio::task::spawn_blocking(move || key.unlock(&passphrase)).await;
            if let Err(error) = opened.map_err(|_| fault::internal())? {
                let wait = attempts.note();
                // Whoever comes with the right one need not wait for this.
                drop(attempts);
                self.rest(wait).await?;
                return Err(fault::from_store(error));
            }
        }
        *attempts = Attempts::default();
        drop(attempts);
        self.end_lock_everywhere().await?;
        self.locking.open();
        self.note_request(true);
        self.with_accounts(|_| ()).await
    }

    async fn rest(&self, time: Duration) -> Result<(), Fault> {
        let _waiting = Waiting::begin(msg!("passphrase-pause", seconds = time.as_secs()));
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.stopping.asked() => Err(fault::stopping()),
        }
    }

    /// Gives out nothing any more if the time of the lock is over, before anybody has an answer: a machine that slept wakes
    /// its timers late.
    pub(crate) fn lock_if_due(&self) {
        if self.is_overdue() && self.look(|_| ()).is_some() && !self.is_locked() {
            self.locking.close_soon();
        }
    }

    /// Whether the time is over after which the agent locks itself.
    pub(crate) fn is_overdue(&self) -> bool {
        self.time_left().is_some_and(|left| left.is_zero())
    }

    /// Whether somebody has to unlock it before anything is given out.
    pub(crate) fn is_locked(&self) -> bool {
        let was_opened_elsewhere = self.lock_note.is_obeyed() && !self.is_locked_everywhere();
        self.locking.is_locked() && !was_opened_elsewhere || self.is_locked_everywhere() || self.needs_passphrase()
    }

    /// Notes that somebody asked for something, and whether for what is kept.
    pub(crate) fn note_request(&self, uses: bool) {
        if uses {
            *lock(&self.locking.used) = Moment::now();
        }
        let locks_itself = !self.disk.hangs() && self.config().is_ok_and(|config| config.lock_after().is_some());
        if locks_itself && !self.locking.asked.swap(true, Ordering::Relaxed) {
            self.locking.news.notify_one();
        }
    }

    /// Locks whenever nobody asked for what is kept for as long as the settings say.
    pub async fn lock_when_idle(self: Arc<Agent>) {
        loop {
            tokio::select! {
                () = self.locking.news.notified() => {}
                () = self.locking.overdue.notified() => self.lock_if_closed().await,
            }
            while self.disk_answers().await.is_ok()
                && let Some(left) = self.idle_time_left()
            {
                if left.is_zero() {
                    self.lock_by_itself().await;
                    break;
                }
                tokio::select! {
                    () = sleep(left.min(LOOK_AGAIN)) => {}
                    () = self.locking.overdue.notified() => self.lock_if_closed().await,
                }
            }
            self.locking.asked.store(false, Ordering::Relaxed);
        }
    }

    /// How long until the agent locks itself; nothing where it does not.
    fn idle_time_left(&self) -> Option<Duration> {
        self.time_left().filter(|_| !self.is_locked())
    }

    fn time_left(&self) -> Option<Duration> {
        let after = self.config().ok()?.lock_after()?;
        // Whoever logs in is about to use it, however long approving takes.
        let idle = if self.flights.are_under_way() { Duration::ZERO } else { lock(&self.locking.used).elapsed() };
        Some(after.saturating_sub(idle))
    }

    /// What is wrong with the key is said by who needs it.
    pub(crate) fn needs_passphrase(&self) -> bool {
        self.store_choice().is_ok_and(|choice| choice != StoreChoice::Memory)
            && self.key.needs_passphrase().unwrap_or_default()
    }
}

fn passphrase_needed() -> Fault {
    Fault::new(Code::Locked, msg!("passphrase-needed")).hint(msg!("hint-unlock"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AccountKey, Credential, Paths, ServerUrl, TokenSource, moment};

    #[tokio::test]
    async fn a_machine_that_slept_past_the_time_of_the_lock_gives_out_nothing_when_it_wakes() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        std::fs::create_dir(paths.config_dir()).unwrap();
        std::fs::write(paths.config_file(), "lock_after = '30m'").unwrap();
        let agent = Agent::new(paths, Some(StoreChoice::File), false);
        tokio::spawn(agent.clone().lock_when_idle());
        let account = AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), None);
        let credential = Credential::token(Secret::new("t".into()), TokenSource::Given);
        agent.keep(account, None, credential, |_| true).await.unwrap();
        agent.note_request(true);
        moment::sleep(Duration::from_secs(20 * 60));
        assert_eq!(agent.with_accounts(|all| all.iter().count()).await.unwrap(), 1);
        moment::sleep(Duration::from_secs(8 * 3600));
        // No timer has run out: the machine slept.
        let asked = agent.with_accounts(|all| all.iter().count()).await;
        assert_eq!(asked.unwrap_err().code(), Code::Locked);
        assert!(agent.is_locked());
        let empty = || agent.look(|_| ()).is_none();
        while !empty() {
            tokio::task::yield_now().await;
        }
        agent.unlock(None).await.unwrap();
        assert_eq!(agent.with_accounts(|all| all.iter().count()).await.unwrap(), 1);
    }

    #[test]
    fn wrong_passphrases_are_told_later_and_later_and_tried_one_in_a_pause_when_they_are_many() {
        let mut attempts = Attempts::default();
        let waits: Vec<u64> = (0..8).map(|_| attempts.note().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(attempts.pause(), Duration::ZERO, "whoever comes with the right one is not kept waiting");
        (0..MOST_WRONG).for_each(|_| assert_eq!(attempts.note(), LONGEST_WAIT));
        assert!(attempts.pause() > Duration::ZERO && attempts.pause() <= PAUSE);
        moment::sleep(LATELY);
        assert_eq!(attempts.pause(), Duration::ZERO);
        (0..1000).for_each(|_| assert_eq!(attempts.note(), LONGEST_WAIT));
        assert!(attempts.lately.len() <= MOST_WRONG + 1);
    }
}
