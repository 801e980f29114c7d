use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// When a credential stops being valid. Written as RFC 3339 in UTC, whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expiry(Timestamp);

impl Expiry {
    /// From seconds since 1970. `None` where no calendar has such a day, or it is not after 1970.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        Timestamp::from_second(seconds).ok().filter(|t| t.as_second() > 0).map(Expiry)
    }

    /// The same; what lies beyond the last day of all calendars ends with it.
    pub fn at_most(seconds: i64) -> Option<Self> {
        Expiry::from_unix(seconds.min(Timestamp::MAX.as_second()))
    }

    /// Seconds since 1970.
    pub fn as_unix(self) -> i64 {
        self.0.as_second()
    }

    /// Whether less than `margin` seconds remain at `now`.
    pub fn ends_within(self, margin: i64, now: Timestamp) -> bool {
        self.0.duration_since(now) <= SignedDuration::from_secs(margin)
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How long until then; nothing if it has passed.
pub fn until(expiry: Expiry) -> std::time::Duration {
    expiry.0.duration_since(now()).try_into().unwrap_or_default()
}

/// The wall clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}
