//! An account as the agent has it in memory, and what its credential is good for at this moment: to be given out,
//! renewed first, or held back. What counts as about to end, and how often a refused token is renewed, is decided here
//! and nowhere else, so that `get`, `token` and the chores never disagree.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::base::lock;
use crate::base::{AccountKey, Credential, Expiry, Origin, Secret, StoredIn, clock};
use crate::store::Record;
use crate::wire::Condition;

/// An account in the agent's memory: the record that its store has, and what was noted about its use since it was read.
pub(crate) struct Held {
    record: Record,
    stored_in: StoredIn,
    /// Whether somebody asked for this credential since it came. Then it is worth renewing ahead of time.
    used: AtomicBool,
    /// Whether the server took this credential, as far as anybody saw since it came.
    accepted: AtomicBool,
    /// What the store has in its place, if the store did not take this record. It is offered again later.
    pub(crate) unsaved: Option<InStore>,
    /// When the credential was renewed because its server had refused it, the latest last.
    heals: Vec<Instant>,
    /// Since when nobody is given the credential because its server refused it.
    withheld: Mutex<Instant>,
}

/// A record that a store has, told apart from any that takes its place: a renewal may bring the same access token.
#[derive(Clone)]
pub(crate) struct InStore {
    secret: Secret,
    saved: Timestamp,
}

impl InStore {
    pub(crate) fn of(record: &Record) -> InStore {
        InStore { secret: record.credential().secret().clone(), saved: record.saved() }
    }

    pub(crate) fn is(&self, record: &Record) -> bool {
        self.saved == record.saved() && record.credential().secret().matches(&self.secret)
    }
}

/// What a credential is good for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usefulness {
    Now,
    /// Once its server gave a new one in its place.
    Renewed,
    /// Its server refused it once, and may have been wrong; where nothing else fits it is tried again.
    Doubtful,
    Never,
}

/// How often, within [`HEALS_WITHIN`], an access token is renewed because its server refused it. Some clients would go
/// on for ever.
const HEALS: usize = 3;
const HEALS_WITHIN: Duration = Duration::from_secs(60);

/// After this time a refused credential that cannot be renewed is given out once more: the server may have been wrong.
const DOUBT_AFTER: Duration = Duration::from_secs(5 * 60);

/// Access tokens are renewed so many seconds before they end, if they live long enough for that.
const EARLY: i64 = 30;

/// How many seconds before its end a token in use is renewed, so that nobody has to wait for that.
const AHEAD: i64 = 5 * 60;

impl Held {
    pub(crate) fn new(record: Record, stored_in: StoredIn) -> Self {
        Held {
            record,
            stored_in,
            used: AtomicBool::new(false),
            accepted: AtomicBool::new(false),
            unsaved: None,
            heals: Vec::new(),
            withheld: Mutex::new(Instant::now()),
        }
    }

    /// This account with what its store has now. If the credential is another one, what was noted of its use is
    /// forgotten.
    pub(crate) fn with(self, record: Record, stored_in: StoredIn) -> Self {
        let is_same = self.record.credential().secret().matches(record.credential().secret());
        if is_same && self.record.refused() == record.refused() {
            Held { record, stored_in, unsaved: None, ..self }
        } else {
            Held { heals: self.heals, ..Held::new(record, stored_in) }
        }
    }

    /// This account with a record that its store did not take. `in_store` is what the store has in its place.
    pub(crate) fn unsaved(self, in_store: InStore) -> Self {
        Held { unsaved: Some(in_store), ..self }
    }

    /// Notes that it is renewed because its server refused it.
    pub(crate) fn heal(&mut self, now: Instant) {
        self.heals.retain(|at| now.duration_since(*at) < HEALS_WITHIN);
        self.heals.push(now);
    }

    /// Whether it is what will take the place of this record, which the store still has.
    pub(crate) fn is_ahead_of(&self, stored: &Record) -> bool {
        self.unsaved.as_ref().is_some_and(|in_store| in_store.is(stored))
    }

    /// Notes that somebody asked for the credential; `true` the first time.
    pub(crate) fn note_use(&self) -> bool {
        !self.used.swap(true, Ordering::Relaxed)
    }

    /// Notes that the server took the credential.
    pub(crate) fn note_acceptance(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    /// Whether the credential is known to be one: the server gave it, git saw it taken, or the server took it since.
    pub(crate) fn is_proven(&self) -> bool {
        let origin = self.credential().origin();
        !self.record.refused()
            && (matches!(origin, Origin::Login | Origin::Git) || self.accepted.load(Ordering::Relaxed))
    }

    /// Stops renewing it ahead of time until somebody asks for it again.
    pub(crate) fn rest(&self) {
        self.used.store(false, Ordering::Relaxed);
    }

    /// What it is good for, if it has to last `margin` seconds, and in any case a moment.
    pub(crate) fn usefulness(&self, margin: i64) -> Usefulness {
        let renewable = self.credential().is_renewable();
        let margin = if renewable { margin.max(self.part_of_life(EARLY)) } else { margin };
        match self.condition(margin) {
            Condition::Valid => Usefulness::Now,
            Condition::Expired if renewable => Usefulness::Renewed,
            Condition::Refused if self.could_heal() => Usefulness::Renewed,
            Condition::Refused if !renewable && self.is_doubtful() => Usefulness::Doubtful,
            Condition::Expired | Condition::Refused => Usefulness::Never,
        }
    }

    /// Whether a renewal would follow if the server refused it now.
    pub(crate) fn could_heal(&self) -> bool {
        self.credential().is_renewable() && self.heals_again_in().is_zero()
    }

    /// How long until a refusal is followed by a renewal again.
    pub(crate) fn heals_again_in(&self) -> Duration {
        let oldest = self.heals.len().checked_sub(HEALS).and_then(|at| self.heals.get(at));
        oldest.map_or(Duration::ZERO, |at| HEALS_WITHIN.saturating_sub(at.elapsed()))
    }

    /// How long until it is renewed again, where it was refused and renewed too often.
    pub(crate) fn healed_enough(&self) -> Option<Duration> {
        let wait = self.heals_again_in();
        (self.record.refused() && self.credential().is_renewable() && !wait.is_zero()).then_some(wait)
    }

    /// Notes that it is given: if its server refused it, then not again for a while.
    pub(crate) fn give_doubtful(&self) {
        *lock(&self.withheld) = Instant::now();
    }

    fn is_doubtful(&self) -> bool {
        self.credential().expires().is_none_or(|expiry| !expiry.ends_within(0, clock::now()))
            && lock(&self.withheld).elapsed() >= DOUBT_AFTER
    }

    /// Whether it is of use now or after a renewal.
    pub(crate) fn is_of_use(&self) -> bool {
        matches!(self.usefulness(0), Usefulness::Now | Usefulness::Renewed)
    }

    /// When to renew it ahead of time; `None` if nobody asked for it, or it cannot be renewed.
    pub(crate) fn renew_at(&self) -> Option<Expiry> {
        let wanted = self.used.load(Ordering::Relaxed) && self.credential().is_renewable() && !self.record.refused();
        let ends = self.credential().expires().filter(|_| wanted)?;
        Expiry::from_unix(ends.as_unix() - self.part_of_life(AHEAD))
    }

    /// `seconds`, but at most a quarter of the life that the credential came with.
    fn part_of_life(&self, seconds: i64) -> i64 {
        let ends = self.credential().expires().map_or(i64::MAX, Expiry::as_unix);
        seconds.min(ends.saturating_sub(self.record.saved().as_second()) / 4).max(0)
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn key(&self) -> &AccountKey {
        self.record.account()
    }

    pub(crate) fn credential(&self) -> &Credential {
        self.record.credential()
    }

    pub(crate) fn secret(&self) -> &Secret {
        self.credential().secret()
    }

    pub(crate) fn stored_in(&self) -> StoredIn {
        self.stored_in
    }

    /// The user name git sends with it.
    pub(crate) fn git_user(&self) -> &str {
        self.credential().git_user(self.key())
    }

    /// Who logged in, as the server named them.
    pub(crate) fn person(&self) -> Option<&str> {
        self.credential().terms()?.user.as_deref()
    }

    /// Whether it can be of use for `margin` seconds more.
    pub(crate) fn condition(&self, margin: i64) -> Condition {
        let ends = |expiry: Expiry| expiry.ends_within(margin, clock::now());
        match (self.record.refused(), self.credential().expires()) {
            (true, _) => Condition::Refused,
            (false, Some(expiry)) if ends(expiry) => Condition::Expired,
            (false, _) => Condition::Valid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ServerUrl, Terms, TokenSource};

    fn held(credential: Credential) -> Held {
        let key = AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), None);
        Held::new(Record::new(key, credential).noted(true), StoredIn::Memory)
    }

    fn ago(time: Duration) -> Instant {
        Instant::now().checked_sub(time).unwrap()
    }

    #[test]
    fn what_one_401_put_aside_is_tried_once_more_after_a_while() {
        let mut held = held(Credential::token(Secret::new("t".into()), TokenSource::Given));
        assert_eq!(held.usefulness(0), Usefulness::Never);
        held.withheld = Mutex::new(ago(DOUBT_AFTER));
        assert_eq!(held.usefulness(0), Usefulness::Doubtful);
        assert!(!held.is_of_use(), "it is still said to be refused");
        held.give_doubtful();
        assert_eq!(held.usefulness(0), Usefulness::Never, "once, and then not for a while");
    }

    #[test]
    fn a_login_is_healed_three_times_within_any_minute_and_no_more() {
        let terms: Terms = serde_json::from_str(
            r#"{"kind":"person","issuer":"https://a.example","client_id":"c","token_endpoint":"https://a.example/token"}"#,
        )
        .unwrap();
        let mut held = held(Credential::OAuth {
            access: Secret::new("a".into()),
            expires: None,
            refresh: Some(Secret::new("r".into())),
            terms: Some(Box::new(terms)),
        });
        held.heals = vec![ago(Duration::from_secs(50)), ago(Duration::from_secs(5))];
        assert_eq!(held.usefulness(0), Usefulness::Renewed);
        held.heals.push(Instant::now());
        assert_eq!(held.usefulness(0), Usefulness::Never);
        assert!(held.healed_enough().is_some_and(|wait| wait <= Duration::from_secs(10)));
        held.heals[0] = ago(HEALS_WITHIN);
        assert_eq!(held.usefulness(0), Usefulness::Renewed);
    }
}
