//! How often the keyring hung lately. Known to the whole process: whoever opens the keyring anew would otherwise wait anew.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so many calls in a row that hung, the keyring is left alone…
const PATIENCE: u32 = 3;

/// …for so long.
const PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Patience {
    hung: u32,
    lost_until: Option<Instant>,
}

impl Patience {
    const FRESH: Patience = Patience { hung: 0, lost_until: None };

    /// The one of this process.
    pub(super) fn lock() -> MutexGuard<'static, Patience> {
        static LATELY: Mutex<Patience> = Mutex::new(Patience::FRESH);
        LATELY.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the keyring is to be left alone now.
    pub(super) fn is_lost(&self, now: Instant) -> bool {
        self.lost_until.is_some_and(|until| now < until)
    }

    /// Notes whether a call hung.
    pub(super) fn note(&mut self, hung: bool, now: Instant) {
        self.hung = if hung { self.hung + 1 } else { 0 };
        if self.hung >= PATIENCE {
            *self = Patience { hung: 0, lost_until: Some(now + PAUSE) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_lost_after_three_hangs_in_a_row_and_returns_after_a_minute() {
        let (mut patience, now) = (Patience::FRESH, Instant::now());
        for hung in [true, true, false, true, true] {
            patience.note(hung, now);
        }
        assert!(!patience.is_lost(now));
        patience.note(true, now);
        assert!(patience.is_lost(now) && patience.is_lost(now + PAUSE - Duration::from_secs(1)));
        assert!(!patience.is_lost(now + PAUSE));
    }
}
