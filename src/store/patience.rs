//! Whether the keyring hung lately. Known to the whole process: whoever opens the keyring anew would otherwise wait anew.
//!
//! While a keyring is known to hang every question still tries, but for a sign of life first, and for a second at most:
//! whoever waited behind the one who found out does not wait long, and the first question after it woke up works.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A keyring that hung is asked first whether it answers at all. For so long at least, which is enough for one that does…
const AT_LEAST: Duration = Duration::from_millis(200);

/// …and at most, however long ago it was.
const AT_MOST: Duration = Duration::from_secs(1);

pub(super) struct Patience {
    hung: Option<Instant>,
    /// The keyring was in use: from then on it is away when it is not there, and not absent.
    was_used: bool,
}

impl Patience {
    const FRESH: Patience = Patience { hung: None, was_used: false };

    /// The one of this process.
    pub(super) fn lock() -> MutexGuard<'static, Patience> {
        static LATELY: Mutex<Patience> = Mutex::new(Patience::FRESH);
        LATELY.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait for a sign of life before anything is asked; nothing if there is no doubt. Whoever waited behind the
    /// one who found out that it hangs does not wait long.
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
