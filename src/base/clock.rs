//! The wall clock, and when a credential expires by it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// When a credential stops being valid. Written as RFC 3339 in UTC, whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expiry(Timestamp);

impl Expiry {
    /// From Unix time in seconds. `None` if the time is not after 1970 or lies beyond the last day a calendar can
    /// express.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().filter(|t| t.as_second() > 0).map(Expiry)
    }

    /// From Unix time in seconds, where a time that is too far away becomes the last one a calendar can express. `None`
    /// if it is not after 1970.
    pub fn at_most(seconds: i64) -> Option<Self> {
        Expiry::from_unix(seconds.min(Timestamp::MAX.as_second()))
    }

    /// Unix time in seconds.
    pub fn as_unix(self) -> i64 {
        self.0.as_second()
    }

    /// Whether at most `margin` seconds remain at the time `now`.
    pub fn ends_within(self, margin: i64, now: Timestamp) -> bool {
        self.0.duration_since(now) <= SignedDuration::from_secs(margin)
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How long until a credential expires, by the wall clock; zero if it already has.
pub fn until(expiry: Expiry) -> std::time::Duration {
    expiry.0.duration_since(now()).try_into().unwrap_or_default()
}

/// The wall clock, which jumps when somebody sets it. What protects by its end uses [`Moment`](super::Moment) instead.
pub fn now() -> Timestamp {
    Timestamp::now()
}
