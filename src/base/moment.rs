//! Time that protects counts sleep.
//!
//! `base::Moment` is the clock that goes on while the machine sleeps: for the lock after idle time, sessions, sign-ins,
//! codes of machines, prompts and what is tried too often. Timers stand still meanwhile, so that no end is left to a
//! timer alone: whoever asks first after the machine wakes finds the agent locked (`lock_if_due`).

use std::ops::Add;
use std::time::Duration;

use crate::os::clock::since_start;

/// A point in time by a clock that goes on while the machine sleeps, for everything that protects by its end. The clock
/// of `std::time::Instant` stands still during sleep, and the wall clock jumps when somebody sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The present moment.
    pub fn now() -> Moment {
        Moment(since_start() + slept())
    }

    /// How long ago the moment was; zero if it is still to come.
    pub fn elapsed(self) -> Duration {
        Moment::now().since(self)
    }

    /// How much later than `earlier` the moment is; zero if it is before.
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// How long until the moment; zero if it has passed.
    pub fn left(self) -> Duration {
        self.since(Moment::now())
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(time))
    }
}

#[cfg(not(test))]
fn slept() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
pub use tests::sleep;

#[cfg(test)]
use tests::slept;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static SLEPT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    pub(super) fn slept() -> Duration {
        SLEPT.get()
    }

    /// For this thread the machine has slept so long: timers stood still, and this clock did not.
    pub fn sleep(time: Duration) {
        SLEPT.set(SLEPT.get() + time);
    }

    #[test]
    fn the_time_that_a_machine_sleeps_counts() {
        let (then, soon) = (Moment::now(), Moment::now() + Duration::from_secs(60));
        assert!(then.elapsed() < Duration::from_secs(30));
        assert!(soon.left() > Duration::from_secs(30));
        sleep(Duration::from_secs(8 * 3600));
        assert!(then.elapsed() >= Duration::from_secs(8 * 3600));
        assert!(soon.left().is_zero());
        assert!(soon < Moment::now());
        assert_eq!(then.since(soon), Duration::ZERO);
    }
}
