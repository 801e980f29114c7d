//! Revocations that servers did not answer: whatever was ended here and may live on there.
//!
//! They wait in memory only. A person who logged out wants the token gone from the disk, reachable server or not. The
//! agent asks again, after a minute, then two, four, at most an hour, for a day. `status` says which are waited for and
//! which were given up; the audit log says how each ended. If the agent ends or is locked before, the token ends with
//! its own life.
//!
//! A login that a store did not take in time may be kept later all the same: it is revoked only once the stores say
//! that they do not have it, and not while they say nothing.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::access::Authority;
use crate::agent::accounts::index::Index;
use crate::agent::life::auditing::{About, Who};
use crate::agent::upstream::Upstream;
use crate::agent::upstream::chores::UNANSWERED;
use crate::base::{AccountKey, Credential, Locale, Message, Moment, Scope, ServerUrl, lock};
use crate::msg;
use crate::wire::{Code, Fault, Revocation, Warning, reason};

/// A revocation that failed is tried after one such pause, then after two, four, and so on, but for a day at most.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const GIVE_UP: Duration = Duration::from_secs(24 * 3600);

/// How many wait at most; beyond them the one that waits longest is given up. Each holds a secret in memory.
const MOST: usize = 10_000;

/// How many that were given up are told of, and for how long.
const TOLD: usize = 3;
const TOLD_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// What was ended here, but not yet there.
#[derive(Default)]
pub(super) struct Unrevoked {
    waiting: VecDeque<Pending>,
    given_up: VecDeque<(Moment, AccountKey)>,
}

struct Pending {
    account: AccountKey,
    credential: Credential,
    /// It is revoked only if the account does not have it.
    unless_kept: bool,
    since: Instant,
    pause: Duration,
    again: Instant,
}

impl Upstream {
    /// Takes over a revocation that a server did not answer.
    pub(crate) fn revoke_later(&self, account: AccountKey, credential: Credential) {
        self.revoke_in(FIRST_PAUSE, account, credential, false);
    }

    /// Takes over a revocation that nobody waits for.
    pub(crate) fn revoke_soon(&self, account: AccountKey, credential: Credential) {
        self.revoke_in(Duration::ZERO, account, credential, false);
    }

    /// Takes over the revocation of what a store did not say that it keeps. One that was `slow` to say so may keep it
    /// later: it is asked after a moment.
    pub(crate) fn revoke_unless_kept(&self, slow: bool, account: AccountKey, credential: Credential) {
        self.revoke_in(if slow { FIRST_PAUSE } else { Duration::ZERO }, account, credential, true);
    }

    fn revoke_in(&self, pause: Duration, account: AccountKey, credential: Credential, unless_kept: bool) {
        let now = Instant::now();
        let again = now + pause;
        self.wait_with(Pending { account, credential, unless_kept, since: now, pause: FIRST_PAUSE, again });
        self.chores.news.notify_one();
    }

    fn wait_with(&self, pending: Pending) {
        let given_up = {
            let waiting = &mut lock(&self.unrevoked).waiting;
            // Whoever locks closes first and then forgets what waits.
            if self.accounts.is_closed() {
                Some((pending, Code::Locked))
            } else {
                waiting.push_back(pending);
                if waiting.len() > MOST { waiting.pop_front().map(|oldest| (oldest, Code::TooMany)) } else { None }
            }
        };
        given_up.inspect(|(one, why)| self.give_up(&one.account, *why));
    }

    /// Gives up what servers could not be told about, for this reason: it would keep secrets in memory.
    pub(crate) fn forget_revocations(&self, why: Code) {
        let all = std::mem::take(&mut lock(&self.unrevoked).waiting);
        all.iter().for_each(|one| self.give_up(&one.account, why));
        self.chores.forgotten.notify_waiters();
    }

    fn give_up(&self, account: &AccountKey, why: Code) {
        self.audit.note("revocation", Who::agent(), About::account(account), Err(why));
        let given_up = &mut lock(&self.unrevoked).given_up;
        given_up.push_back((Moment::now(), account.clone()));
        // One more than is told of shows that there are more.
        while given_up.len() > TOLD + 1 {
            given_up.pop_front();
        }
    }

    /// When a server is asked again.
    pub(crate) fn revokes_again_at(&self) -> Option<Instant> {
        lock(&self.unrevoked).waiting.iter().map(|one| one.again).min()
    }

    /// Asks servers again whose time has come. A lock, or the agent's end, ends what is under way, with the secret that
    /// it holds.
    pub(super) async fn revoke_again(&self) {
        let now = Instant::now();
        let mut unanswered = BTreeMap::<ServerUrl, u32>::new();
        while !self.stopping.is_asked() {
            let mut forgotten = pin!(self.chores.forgotten.notified());
            // From here on it is heard, before there is something to forget.
            forgotten.as_mut().enable();
            let Some(mut one) = self.next_due(now) else { return };
            let unanswered = unanswered.entry(one.account.server().clone()).or_default();
            if *unanswered >= UNANSWERED {
                if one.since.elapsed() >= GIVE_UP {
                    self.give_up(&one.account, Code::Unavailable);
                    continue;
                }
                one.again = Instant::now() + one.pause;
                self.wait_with(one);
                continue;
            }
            let outcome = tokio::select! {
                biased;
                () = forgotten => {
                    let why = if self.accounts.is_closed() { Code::Locked } else { Code::Unavailable };
                    return self.give_up(&one.account, why);
                }
                outcome = self.revoke_one(&one) => outcome,
            };
            *unanswered = if outcome == Revocation::Pending { *unanswered + 1 } else { 0 };
            match outcome {
                Revocation::Pending if one.since.elapsed() >= GIVE_UP => self.give_up(&one.account, Code::Unavailable),
                Revocation::Pending => {
                    one.pause = (one.pause * 2).min(LONGEST_PAUSE);
                    one.again = Instant::now() + one.pause;
                    self.wait_with(one);
                }
                Revocation::Revoked | Revocation::AlreadyInvalid => {
                    self.audit.note("revocation", Who::agent(), About::account(&one.account), Ok(()));
                }
                Revocation::NotSupported | Revocation::NotAsked => {}
            }
        }
    }

    async fn revoke_one(&self, one: &Pending) -> Revocation {
        if one.unless_kept {
            match self.is_kept(one).await {
                Ok(true) => return Revocation::NotAsked,
                Ok(false) => {}
                Err(_) => return Revocation::Pending,
            }
        }
        self.revoke(&one.account, &one.credential).await
    }

    /// Whether the account has this credential; an error while the stores do not say.
    async fn is_kept(&self, one: &Pending) -> Result<bool, Fault> {
        self.accounts.read_anew().await?;
        let has_it =
            |all: &Index| all.get(&one.account).is_some_and(|held| held.secret().matches(one.credential.secret()));
        self.accounts.look(has_it).ok_or_else(|| reason::Lock::AgentLocked.into())
    }

    /// The first whose time has come, out of those that wait.
    fn next_due(&self, now: Instant) -> Option<Pending> {
        let waiting = &mut lock(&self.unrevoked).waiting;
        let due = waiting.iter().position(|one| one.again <= now)?;
        waiting.remove(due)
    }

    /// What is still to be revoked, and what was given up, for whoever may ask about everything.
    pub(crate) fn revocation_warnings(&self, authority: &Authority, locale: Locale) -> Vec<Warning> {
        if !authority.sees_everything() || !authority.allows(Scope::All) {
            return Vec::new();
        }
        let unrevoked = lock(&self.unrevoked);
        let waiting = named(unrevoked.waiting.iter().map(|one| &one.account));
        let lately = unrevoked.given_up.iter().filter(|(at, _)| at.elapsed() < TOLD_FOR);
        let given_up = named(lately.map(|(_, account)| account));
        let messages = [
            waiting.map(|accounts| msg!("revocation-awaited", accounts = accounts)),
            given_up.map(|accounts| msg!("revocation-given-up", accounts = accounts)),
        ];
        let warning = |message: Message| Warning { id: message.id().to_owned(), text: locale.render(&message) };
        messages.into_iter().flatten().map(warning).collect()
    }
}

/// The first of these accounts, for people; nothing where there are none.
fn named<'a>(mut accounts: impl Iterator<Item = &'a AccountKey>) -> Option<String> {
    let name = |account: &AccountKey| format!("{} ({})", account.server(), account.user());
    let first: Vec<String> = accounts.by_ref().take(TOLD).map(name).collect();
    let more = if accounts.next().is_some() { ", \u{2026}" } else { "" };
    (!first.is_empty()).then(|| first.join(", ") + more)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agent::Agent;
    use crate::base::{Paths, Secret, ServerUrl, StoreChoice, StoredIn, TokenSource};

    /// An agent that is to revoke tokens at a server where nobody listens.
    fn unheard(dir: &tempfile::TempDir, count: usize) -> Arc<Agent> {
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::Memory)), false);
        let server = ServerUrl::parse("http://127.0.0.1:1").unwrap();
        for number in 0..count {
            let account = AccountKey::new(server.clone(), Some(format!("u{number}")));
            let credential = Credential::token(Secret::new("t".into()), TokenSource::Loom);
            agent.upstream.revoke_soon(account, credential);
        }
        agent
    }

    fn said(agent: &Agent) -> Vec<(String, String)> {
        let warnings = agent.upstream.revocation_warnings(&Authority::owner(), Locale::En);
        warnings.into_iter().map(|warning| (warning.id, warning.text)).collect()
    }

    #[tokio::test]
    async fn what_no_server_answers_is_tried_for_a_day_and_then_said_to_be_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let agent = unheard(&dir, 1);
        agent.upstream.revoke_again().await;
        let awaited = said(&agent);
        assert_eq!(awaited[0].0, "revocation-awaited");
        assert!(awaited[0].1.contains("http://127.0.0.1:1 (u0)"), "{awaited:?}");
        assert_eq!(awaited.len(), 1, "{awaited:?}");
        {
            let waiting = &mut lock(&agent.upstream.unrevoked).waiting;
            assert!(waiting[0].again > Instant::now(), "not at once again");
            waiting[0].since = Instant::now().checked_sub(GIVE_UP).unwrap();
            waiting[0].again = Instant::now();
        }
        agent.upstream.revoke_again().await;
        let given_up = said(&agent);
        assert_eq!(given_up[0].0, "revocation-given-up");
        assert_eq!(given_up.len(), 1, "{given_up:?}");
        assert_eq!(agent.upstream.revokes_again_at(), None);
    }

    #[tokio::test]
    async fn so_many_wait_and_no_more_and_a_lock_leaves_none() {
        let dir = tempfile::tempdir().unwrap();
        let agent = unheard(&dir, MOST + 5);
        assert_eq!(lock(&agent.upstream.unrevoked).waiting.len(), MOST);
        let ids = |said: Vec<(String, String)>| said.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(said(&agent)), ["revocation-awaited", "revocation-given-up"]);
        agent.lock().await;
        assert!(lock(&agent.upstream.unrevoked).waiting.is_empty());
        assert_eq!(ids(said(&agent)), ["revocation-given-up"]);
    }

    #[tokio::test]
    async fn what_comes_to_a_locked_agent_is_given_up_with_its_secret() {
        let dir = tempfile::tempdir().unwrap();
        let agent = unheard(&dir, 0);
        agent.lock().await;
        let account = AccountKey::new(ServerUrl::parse("http://127.0.0.1:1").unwrap(), None);
        agent.upstream.revoke_soon(account, Credential::token(Secret::new("t".into()), TokenSource::Loom));
        assert!(lock(&agent.upstream.unrevoked).waiting.is_empty());
        assert_eq!(said(&agent)[0].0, "revocation-given-up");
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_asked_three_times_in_a_row() {
        let dir = tempfile::tempdir().unwrap();
        let agent = unheard(&dir, 5);
        agent.upstream.revoke_again().await;
        let asked: Vec<bool> =
            lock(&agent.upstream.unrevoked).waiting.iter().map(|one| one.pause > FIRST_PAUSE).collect();
        assert_eq!(asked, [true, true, true, false, false]);
        assert!(agent.upstream.revokes_again_at().is_some_and(|at| at > Instant::now()), "all of them wait");
    }

    #[tokio::test]
    async fn a_login_that_is_kept_late_is_not_revoked_and_one_that_is_not_kept_is() {
        let dir = tempfile::tempdir().unwrap();
        let agent = unheard(&dir, 0);
        let account = |user: &str| AccountKey::new(ServerUrl::parse("http://127.0.0.1:1").unwrap(), Some(user.into()));
        let login = || Credential::token(Secret::new("t".into()), TokenSource::Loom);
        for user in ["kept", "lost"] {
            agent.upstream.revoke_unless_kept(false, account(user), login());
        }
        agent.accounts.keep(account("kept"), None, login(), |_| true).await.unwrap();
        agent.upstream.revoke_again().await;
        let waiting: Vec<AccountKey> =
            lock(&agent.upstream.unrevoked).waiting.iter().map(|one| one.account.clone()).collect();
        assert_eq!(waiting, [account("lost")], "its server was asked and did not answer");
        let given_up = said(&agent).into_iter().filter(|(id, _)| id == "revocation-given-up").count();
        assert_eq!(given_up, 0);
    }
}
