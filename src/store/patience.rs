//! Whether the keyring hung lately. Known to the whole process: whoever opens the keyring anew would otherwise wait
//! anew.
//!
//! While a keyring is known to hang every question still tries, but for a sign of life first, and for a second at most:
//! whoever waited behind the one who found out does not wait long, and the first question after it woke up works.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A failure that took longer than this is one of a keyring that hangs: no call is made anew after it.
pub(super) const SWIFT: Duration = Duration::from_secs(1);

/// After a keyring hung, how long it is given at least to show that it answers at all.
const AT_LEAST: Duration = Duration::from_millis(200);

/// How long such a keyring is given at most.
const AT_MOST: Duration = Duration::from_secs(1);

/// What this process knows of how the keyring behaves.
pub(super) struct Patience {
    hung: Option<Instant>,
    /// Whether the keyring was in use. From then on a missing keyring is away, not absent.
    was_used: bool,
}

impl Patience {
    const FRESH: Patience = Patience { hung: None, was_used: false };

    /// The one value of this process, locked.
    pub(super) fn lock() -> MutexGuard<'static, Patience> {
        static LATELY: Mutex<Patience> = Mutex::new(Patience::FRESH);
        LATELY.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait for a sign of life before anything is asked; `None` if the keyring is not known to hang.
    pub(super) fn doubt(&self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.hung?);
        Some(since.clamp(AT_LEAST, AT_MOST))
    }

    pub(super) fn note_use(&mut self) {
        self.was_used = true;
    }

    pub(super) fn was_used(&self) -> bool {
        self.was_used
    }

    /// Notes whether a call hung.
    pub(super) fn note(&mut self, hung: bool, now: Instant) {
        self.hung = hung.then_some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_that_hung_is_tried_by_every_question_and_never_for_long() {
        let (mut patience, now) = (Patience::FRESH, Instant::now());
        assert_eq!(patience.doubt(now), None);
        patience.note(true, now);
        assert_eq!(patience.doubt(now), Some(AT_LEAST));
        assert_eq!(patience.doubt(now + AT_MOST / 2), Some(AT_MOST / 2));
        assert_eq!(patience.doubt(now + AT_MOST * 90), Some(AT_MOST));
        patience.note(false, now);
        assert_eq!(patience.doubt(now), None);
    }
}
