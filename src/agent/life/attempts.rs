//! Passphrases that are tried: a right one waits for nobody's wrong ones.
//!
//! They are tried one at a time, each a good part of a second and 64 MiB. A wrong one is answered late, and later each
//! time, while the next is tried at once; beyond ten a minute one in a second is.

use std::time::Duration;

use crate::base::Moment;

/// How late a wrong passphrase is answered: the first after this time, each following one after twice as long, up to
/// [`LONGEST_WAIT`]. A right one waits only while wrong ones are being tried.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How many wrong passphrases within [`LATELY`] are tried as they come. Above that one is tried in each [`PAUSE`].
const MOST_WRONG: usize = 10;
const LATELY: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// The wrong passphrases since the last right one: how many, and when the latest were tried.
#[derive(Default)]
pub(crate) struct Attempts {
    wrong: u32,
    lately: Vec<Moment>,
}

impl Attempts {
    /// Counts one more wrong passphrase. Returns how long to wait before it is said that it was wrong.
    pub(super) fn note(&mut self) -> Duration {
        self.lately.retain(|at| at.elapsed() < LATELY);
        self.lately.push(Moment::now());
        self.lately.drain(..self.lately.len().saturating_sub(MOST_WRONG + 1));
        self.wrong = self.wrong.saturating_add(1);
        FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.wrong - 1)).min(LONGEST_WAIT)
    }

    /// How long the next passphrase has to wait before it is tried, right or wrong, whoever brings it.
    pub(super) fn pause(&self) -> Duration {
        let lately = self.lately.iter().filter(|at| at.elapsed() < LATELY).count();
        let last = self.lately.last().filter(|_| lately > MOST_WRONG);
        last.map_or(Duration::ZERO, |last| (*last + PAUSE).left())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::moment;

    #[test]
    fn wrong_passphrases_are_told_later_and_later() {
        let mut attempts = Attempts::default();
        let waits: Vec<u64> = (0..8).map(|_| attempts.note().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(attempts.pause(), Duration::ZERO, "whoever comes with the right one is not kept waiting");
        (0..MOST_WRONG).for_each(|_| assert_eq!(attempts.note(), LONGEST_WAIT));
        assert!(attempts.pause() > Duration::ZERO);
        assert!(attempts.pause() <= PAUSE);
        moment::sleep(LATELY);
        assert_eq!(attempts.pause(), Duration::ZERO);
        (0..1000).for_each(|_| assert_eq!(attempts.note(), LONGEST_WAIT));
        assert!(attempts.lately.len() <= MOST_WRONG + 1);
    }
}
