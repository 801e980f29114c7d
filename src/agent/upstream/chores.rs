//! What the agent does without being asked: renewing what is in use before it ends, revoking what a server could not be
//! told about, storing what could not be stored.
//!
//! Renewing ahead of time: what somebody asked for since it came is renewed five minutes or a quarter of its life
//! before the end, so that nobody has to wait. What nobody uses is left alone, and what failed waits until somebody
//! asks. It wakes up at most once a minute and does then what comes up within the next one; with nothing to do it
//! sleeps. Idle connections are closed at once, because their end would be a wake-up too.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::life::disk::Disk;
use crate::agent::upstream::Upstream;
use crate::base::lock;
use crate::base::{AccountKey, Credential, Secret, clock};
use crate::wire::Revocation;

/// However much there is to do, an idle laptop is woken no more often than this.
const REST: Duration = Duration::from_secs(60);

/// A revocation that failed is tried after one such pause, then after two, four, and so on, but for a day at most.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const GIVE_UP: Duration = Duration::from_secs(24 * 3600);

/// What the agent has to do without being asked: revocations that servers did not take yet, and a signal that there is
/// something new.
#[derive(Default)]
pub(crate) struct Chores {
    news: Notify,
    unrevoked: Mutex<Vec<Unrevoked>>,
}

/// A credential that is forgotten here and still counts at its server.
struct Unrevoked {
    account: AccountKey,
    credential: Credential,
    since: Instant,
    pause: Duration,
    again: Instant,
}

impl Upstream {
    /// Does what comes up, until the agent stops. While the disk does not answer nothing is done, since nothing that
    /// came of it could be kept.
    pub(crate) async fn do_chores(self: Arc<Self>, disk: Arc<Disk>) {
        let mut rested = Instant::now();
        loop {
            let due = self.next_chore().await.map(|due| due.max(rested));
            tokio::select! {
                () = self.stopping.asked() => return,
                () = self.chores.news.notified() => continue,
                () = until(due) => {}
            }
            let _busy = self.stopping.busy();
            if disk.answers().await.is_err() {
                rested = Instant::now() + REST;
                continue;
            }
            self.renew_ahead().await;
            self.revoke_again().await;
            self.accounts.save_again().await;
            rested = Instant::now() + REST;
        }
    }

    /// Notes that a credential was asked for.
    pub(crate) fn note_use(&self, held: &Held) {
        if held.note_use() && held.credential().is_renewable() {
            self.chores.news.notify_one();
        }
    }

    /// Takes over a revocation that a server did not answer.
    pub(crate) fn revoke_later(&self, account: AccountKey, credential: Credential) {
        self.revoke_in(FIRST_PAUSE, account, credential);
    }

    /// Takes over a revocation that nobody waits for.
    pub(crate) fn revoke_soon(&self, account: AccountKey, credential: Credential) {
        self.revoke_in(Duration::ZERO, account, credential);
    }

    fn revoke_in(&self, pause: Duration, account: AccountKey, credential: Credential) {
        let now = Instant::now();
        let unrevoked = Unrevoked { account, credential, since: now, pause: FIRST_PAUSE, again: now + pause };
        lock(&self.chores.unrevoked).push(unrevoked);
        self.chores.news.notify_one();
    }

    /// Gives up what servers could not be told about: it would keep secrets in memory.
    pub(crate) fn forget_revocations(&self) {
        lock(&self.chores.unrevoked).clear();
    }

    async fn next_chore(&self) -> Option<Instant> {
        let revoke = lock(&self.chores.unrevoked).iter().map(|one| one.again).min();
        let find = |accounts: &Index| {
            let renew = accounts.iter().filter_map(Held::renew_at).min();
            (renew, accounts.iter().any(|held| held.unsaved.is_some()))
        };
        // Nothing is read for this: without a loaded store nobody asked for anything yet.
        let (renew, unsaved) = self.accounts.look(find).unwrap_or_default();
        let renew = renew.map(|at| Instant::now() + clock::until(at));
        let save = unsaved.then(|| Instant::now() + REST);
        [revoke, renew, save].into_iter().flatten().min()
    }

    async fn renew_ahead(&self) {
        let now = clock::now();
        let due = |accounts: &Index| {
            // What would come up before the next wake-up is done now.
            let margin = REST.as_secs() as i64;
            let due = accounts.iter().filter(|held| held.renew_at().is_some_and(|at| at.ends_within(margin, now)));
            due.map(|held| (held.key().clone(), held.secret().clone())).collect::<Vec<(AccountKey, Secret)>>()
        };
        for (account, secret) in self.accounts.look(due).unwrap_or_default() {
            if self.stopping.is_asked() {
                return;
            }
            if let Err(fault) = self.renew(&account, &secret).await {
                tracing::debug!(fault = %fault.id(), "a renewal ahead of time failed");
                self.accounts.look(|accounts| accounts.get(&account).map(Held::rest));
            }
        }
    }

    async fn revoke_again(&self) {
        let now = Instant::now();
        let due: Vec<Unrevoked> = {
            let mut unrevoked = lock(&self.chores.unrevoked);
            let (due, later) = unrevoked.drain(..).partition(|one| one.again <= now);
            *unrevoked = later;
            due
        };
        for mut one in due {
            if self.stopping.is_asked() {
                return;
            }
            let outcome = self.revoke(&one.account, &one.credential).await;
            if outcome == Revocation::Pending && one.since.elapsed() < GIVE_UP {
                one.pause = (one.pause * 2).min(LONGEST_PAUSE);
                one.again = Instant::now() + one.pause;
                lock(&self.chores.unrevoked).push(one);
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
