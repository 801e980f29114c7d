//! Signs of change: what a store hands out so that others can tell, without waiting for it, whether what they read from
//! it is still right. A sign may say that something changed where nothing did; never the other way about.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::base::{Stamp, lock};

/// How long what was read counts as current, where a store cannot tell cheaply whether it changed.
pub(super) const AGE: Duration = Duration::from_secs(2);

/// Tells whether a store changed. It opens nothing and waits for nobody, since it is asked with every request.
pub(super) trait Sign: Send + Sync {
    /// The present state of the store. Two that are equal mean that nothing changed in between, as far as that can be
    /// known.
    fn now(&self) -> Mark;
}

/// The state of a store, as far as a sign tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A number that differs after every change.
    Count(u64),
    /// The stamps of the files that the store consists of.
    Files(Vec<Stamp>),
}

/// The sign of files: a stamp of each.
pub(super) struct FileSign(pub(super) Vec<PathBuf>);

impl Sign for FileSign {
    fn now(&self) -> Mark {
        Mark::Files(self.0.iter().map(|path| Stamp::of(path)).collect())
    }
}

/// The sign of a store that cannot tell: what was read counts for [`AGE`].
#[derive(Default)]
pub(super) struct Aging(Mutex<Option<(Instant, u64)>>);

impl Sign for Aging {
    fn now(&self) -> Mark {
        let mut known = lock(&self.0);
        let count = match *known {
            Some((since, count)) if since.elapsed() < AGE => count,
            _ => next_count(),
        };
        if known.is_none_or(|(_, known)| known != count) {
            *known = Some((Instant::now(), count));
        }
        Mark::Count(count)
    }
}

/// A number that this process never gave before, so that two stores have none in common.
pub(super) fn next_count() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_cannot_tell_counts_for_a_while_and_is_then_read_anew() {
        let sign = Aging::default();
        let first = sign.now();
        assert_eq!(sign.now(), first);
        let aged = lock(&sign.0).map(|(since, count)| (since - AGE, count));
        *lock(&sign.0) = aged;
        let second = sign.now();
        assert_ne!(second, first);
        assert_eq!(sign.now(), second);
        assert_ne!(Aging::default().now(), second, "two stores have no number in common");
    }
}
