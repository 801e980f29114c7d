//! What the agent does without being asked: renewing what is in use before it ends, revoking what a server could not be
//! told about, storing what could not be stored.
//!
//! Renewing ahead of time: what somebody asked for since it came is renewed five minutes or a quarter of its life
//! before the end, so that nobody has to wait. What nobody uses is left alone, and what failed waits until somebody
//! asks. It wakes up at most once a minute and does then what comes up within the next one; with nothing to do it
//! sleeps. Idle connections are closed at once, because their end would be a wake-up too.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::life::disk::Disk;
use crate::agent::upstream::Upstream;
use crate::agent::upstream::lanes;
use crate::base::{AccountKey, Secret, clock};
use crate::wire::reason;

/// However much there is to do, an idle laptop is woken no more often than this.
const REST: Duration = Duration::from_secs(60);

/// At so many servers something is renewed ahead of time at once.
const SERVERS: usize = 8;

/// After so many in a row that a server did not answer the others there wait: each would take as long for the same, and
/// no other chore is done meanwhile.
pub(super) const UNANSWERED: u32 = 3;

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
            // First: what only memory has is lost with it, while servers that hang take their time.
            self.accounts.save_again().await;
            self.revoke_again().await;
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

    /// Renews what is due: at each server one after the other, however many end in the same minute, and at several
    /// servers at once, so that one which hangs keeps no other waiting.
    async fn renew_ahead(&self) {
        let now = clock::now();
        let due = |accounts: &Index| {
            // What would come up before the next wake-up is done now.
            let margin = REST.as_secs() as i64;
            let mut rows = HashMap::<String, Vec<(AccountKey, Secret)>>::new();
            for held in accounts.iter().filter(|held| held.renew_at().is_some_and(|at| at.ends_within(margin, now))) {
                let server = held.credential().terms().map(lanes::server).unwrap_or_default();
                rows.entry(server).or_default().push((held.key().clone(), held.secret().clone()));
            }
            rows
        };
        let rows = self.accounts.look(due).unwrap_or_default();
        stream::iter(rows.into_values()).for_each_concurrent(SERVERS, |row| self.renew_in_a_row(row)).await;
    }

    async fn renew_in_a_row(&self, row: Vec<(AccountKey, Secret)>) {
        let mut unanswered = 0;
        for (account, secret) in row {
            if self.stopping.is_asked() {
                return;
            }
            if unanswered < UNANSWERED {
                let Err(fault) = self.renew(&account, &secret).await else {
                    unanswered = 0;
                    continue;
                };
                tracing::debug!(fault = %fault.id(), "a renewal ahead of time failed");
                let is_away = matches!(fault.about(), Some(reason::Upstream::Unreachable { .. }));
                unanswered = if is_away { unanswered + 1 } else { 0 };
            }
            self.accounts.look(|accounts| accounts.get(&account).map(Held::rest));
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
