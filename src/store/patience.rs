//! How often the keyring hung lately. Known to the whole process: whoever opens the keyring anew would otherwise wait anew.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so many calls in a row that hung, the keyring is left alone…
const PATIENCE: u32 = 3;

/// …for so long.
const PAUSE: Duration = Duration::from_secs(60);

struct Patience {
    hung: u32,
    lost_until: Option<Instant>,
}

/// Whether the keyring is to be left alone now.
pub(super) fn is_lost() -> bool {
    patience().lost_until.is_some_and(|until| Instant::now() < until)
}

/// Notes whether a call hung.
pub(super) fn note(hung: bool) {
    let mut patience = patience();
    patience.hung = if hung { patience.hung + 1 } else { 0 };
    if patience.hung >= PATIENCE {
        *patience = Patience { hung: 0, lost_until: Some(Instant::now() + PAUSE) };
    }
}

fn patience() -> MutexGuard<'static, Patience> {
    static LATELY: Mutex<Patience> = Mutex::new(Patience { hung: 0, lost_until: None });
    LATELY.lock().unwrap_or_else(PoisonError::into_inner)
}
