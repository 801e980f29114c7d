use std::time::Duration;

use crate::base::Moment;

/// How many entries are noted: `at_once` together, and one more each time `every` has passed.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    at_once: u64,
    every: Duration,
}

pub(super) const fn rate(at_once: u64, seconds: u64) -> Rate {
    Rate { at_once, every: Duration::from_secs(seconds) }
}

/// What is left of a rate.
pub(super) struct Allowance {
    rate: Rate,
    left: u64,
    since: Moment,
}

impl Allowance {
    pub(super) fn full(rate: Rate, now: Moment) -> Allowance {
        Allowance { rate, left: rate.at_once, since: now }
    }

    pub(super) fn take(&mut self, now: Moment) -> bool {
        self.fill(now);
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }

    pub(super) fn give_back(&mut self) {
        self.left = self.rate.at_once.min(self.left + 1);
    }

    /// For how many seconds nothing can be taken, at least one; `None` if something can be.
    pub(super) fn waits(&mut self, now: Moment) -> Option<u64> {
        self.fill(now);
        let left = self.rate.every.saturating_sub(now.since(self.since)).as_secs().max(1);
        (self.left == 0).then_some(left)
    }

    /// Whether nothing of it is used: then a new one is as good, and this one need not be remembered.
    pub(super) fn is_full(&mut self, now: Moment) -> bool {
        self.fill(now);
        self.left == self.rate.at_once
    }

    fn fill(&mut self, now: Moment) {
        let passed = now.since(self.since).as_millis() / self.rate.every.as_millis();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.left = self.rate.at_once.min(self.left.saturating_add(passed.into()));
        self.since = self.since + self.rate.every.saturating_mul(passed);
    }
}
