//! What the agent does without being asked: renewing what is in use before it ends, revoking what a server could not be
//! told about, storing what could not be stored.
//!
//! Renewing ahead of time: what somebody asked for since it came is renewed five minutes or a quarter of its life
//! before the end, so that nobody has to wait. What nobody uses is left alone, and what failed waits until somebody
//! asks. It wakes up at most once a minute and does then what comes up within the next one; with nothing to do it
//! sleeps. Idle connections are closed at once, because their end would be a wake-up too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::life::disk::Disk;
use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Secret, clock};

/// However much there is to do, an idle laptop is woken no more often than this.
const REST: Duration = Duration::from_secs(60);

/// What tells the chores that there is something new to do, or that what is under way for it has to end.
#[derive(Default)]
pub(crate) struct Chores {
    pub(super) news: Notify,
    pub(super) forgotten: Notify,
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

    async fn next_chore(&self) -> Option<Instant> {
        let find = |accounts: &Index| {
            let renew = accounts.iter().filter_map(Held::renew_at).min();
            (renew, accounts.iter().any(|held| held.unsaved.is_some()))
        };
        // Nothing is read for this: without a loaded store nobody asked for anything yet.
        let (renew, unsaved) = self.accounts.look(find).unwrap_or_default();
        let renew = renew.map(|at| Instant::now() + clock::until(at));
        let save = unsaved.then(|| Instant::now() + REST);
        [self.revokes_again_at(), renew, save].into_iter().flatten().min()
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
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
