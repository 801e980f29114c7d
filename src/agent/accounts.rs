use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::base::{AccountKey, Credential, Expiry, Secret, ServerUrl, clock};
use crate::store::Record;
use crate::wire::{Condition, StoredIn};

/// What the agent holds in memory: every account, as its store has it.
#[derive(Default)]
pub(super) struct Accounts(BTreeMap<AccountKey, Held>);

/// One account as held.
pub(super) struct Held {
    record: Record,
    stored_in: StoredIn,
    /// Asked for since this credential came: worth renewing ahead of time.
    used: AtomicBool,
    /// The store did not take it; it is tried again.
    pub(super) unsaved: bool,
    /// When it was last renewed because the server refused it.
    pub(super) healed: Option<Instant>,
}

/// What a credential is good for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usefulness {
    Now,
    /// After its server gave a new one.
    Renewed,
    Never,
}

/// A new access token that is refused as well is not renewed again for so long: some clients would go round for ever.
const HEAL_AGAIN: Duration = Duration::from_secs(60);

/// Access tokens are renewed so many seconds before they end, if they live long enough for that.
const EARLY: i64 = 30;

/// Those in use are renewed ahead of time, before anybody has to wait for it.
const AHEAD: i64 = 5 * 60;

impl Accounts {
    pub(super) fn new(stored: BTreeMap<AccountKey, (Record, StoredIn)>) -> Self {
        let held = |(record, stored_in)| Held::new(record, stored_in);
        Accounts(stored.into_iter().map(|(key, stored)| (key, held(stored))).collect())
    }

    pub(super) fn get(&self, key: &AccountKey) -> Option<&Held> {
        self.0.get(key)
    }

    /// In the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.0.values()
    }

    /// Those of the server's origin. In the order of keys they follow one another: scheme, host, port, then path, user.
    pub(super) fn at_origin<'a>(&'a self, server: &ServerUrl) -> impl Iterator<Item = &'a Held> {
        let origin = server.origin();
        let first = AccountKey::new(origin.clone(), Some(String::new()));
        self.0.range(first..).map(|(_, held)| held).take_while(move |held| held.key().server().same_origin(&origin))
    }

    /// Takes in what was stored.
    pub(super) fn insert(&mut self, record: Record, stored_in: StoredIn) {
        self.hold(Held::new(record, stored_in));
    }

    /// Takes in what the store did not take.
    pub(super) fn insert_unsaved(&mut self, record: Record, stored_in: StoredIn) {
        self.hold(Held { unsaved: true, ..Held::new(record, stored_in) });
    }

    fn hold(&mut self, mut held: Held) {
        let key = held.key().clone();
        held.healed = self.0.get(&key).and_then(|old| old.healed);
        self.0.insert(key, held);
    }

    /// Notes that a renewal follows a refusal.
    pub(super) fn heal(&mut self, key: &AccountKey) {
        if let Some(held) = self.0.get_mut(key) {
            held.healed = Some(Instant::now());
        }
    }

    pub(super) fn remove(&mut self, key: &AccountKey) {
        self.0.remove(key);
    }
}

impl Held {
    fn new(record: Record, stored_in: StoredIn) -> Self {
        Held { record, stored_in, used: AtomicBool::new(false), unsaved: false, healed: None }
    }

    /// Notes that it was asked for; `true` the first time.
    pub(super) fn note_use(&self) -> bool {
        !self.used.swap(true, Ordering::Relaxed)
    }

    /// Nobody asked for it since it came, or renewing it ahead of time failed: it waits until somebody asks.
    pub(super) fn rest(&self) {
        self.used.store(false, Ordering::Relaxed);
    }

    /// What it is good for, if it has to last `margin` seconds, and in any case a moment.
    pub(super) fn usefulness(&self, margin: i64) -> Usefulness {
        let renewable = self.credential().is_renewable();
        let margin = if renewable { margin.max(self.part_of_life(EARLY)) } else { margin };
        match self.condition(margin) {
            Condition::Valid => Usefulness::Now,
            Condition::Expired if renewable => Usefulness::Renewed,
            Condition::Refused if self.could_heal() => Usefulness::Renewed,
            Condition::Expired | Condition::Refused => Usefulness::Never,
        }
    }

    /// Whether a renewal would follow if the server refused it now.
    pub(super) fn could_heal(&self) -> bool {
        self.credential().is_renewable() && self.healed.is_none_or(|at| at.elapsed() >= HEAL_AGAIN)
    }

    /// Whether it is of use now or after a renewal.
    pub(super) fn is_of_use(&self) -> bool {
        self.usefulness(0) != Usefulness::Never
    }

    /// When to renew it ahead of time; nothing where nobody asks for it.
    pub(super) fn renew_at(&self) -> Option<Expiry> {
        let wanted = self.used.load(Ordering::Relaxed) && self.credential().is_renewable() && !self.record.refused();
        let ends = self.credential().expires().filter(|_| wanted)?;
        Expiry::from_unix(ends.as_unix() - self.part_of_life(AHEAD))
    }

    /// `seconds`, but at most a quarter of the life that the credential came with.
    fn part_of_life(&self, seconds: i64) -> i64 {
        let ends = self.credential().expires().map_or(i64::MAX, Expiry::as_unix);
        seconds.min(ends.saturating_sub(self.record.saved().as_second()) / 4).max(0)
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn key(&self) -> &AccountKey {
        self.record.account()
    }

    pub(super) fn credential(&self) -> &Credential {
        self.record.credential()
    }

    pub(super) fn secret(&self) -> &Secret {
        self.credential().secret()
    }

    pub(super) fn stored_in(&self) -> StoredIn {
        self.stored_in
    }

    /// The user name git sends with it.
    pub(super) fn git_user(&self) -> &str {
        self.credential().git_user(self.key())
    }

    /// Who logged in, as the server named them.
    pub(super) fn person(&self) -> Option<&str> {
        self.credential().grant()?.user.as_deref()
    }

    /// Whether it can be of use for `margin` seconds more.
    pub(super) fn condition(&self, margin: i64) -> Condition {
        let ends = |expiry: Expiry| expiry.ends_within(margin, clock::now());
        match (self.record.refused(), self.credential().expires()) {
            (true, _) => Condition::Refused,
            (false, Some(expiry)) if ends(expiry) => Condition::Expired,
            (false, _) => Condition::Valid,
        }
    }
}
