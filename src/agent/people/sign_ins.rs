use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::agent::state::lock;
use crate::base::Secret;
use crate::oauth::code::Authorization;

/// How long somebody may take to sign in at the issuer.
const WITHIN: Duration = Duration::from_secs(10 * 60);

/// So many browsers are away at most; the oldest is forgotten first, since anybody may begin.
const MOST: usize = 256;

/// Browsers that were sent to an issuer and have not come back.
#[derive(Default)]
pub(in crate::agent) struct SignIns(Mutex<Vec<Away>>);

pub(in crate::agent) struct Away {
    since: Instant,
    browser: Secret,
    pub(in crate::agent) issuer: String,
    pub(in crate::agent) authorization: Authorization,
}

impl SignIns {
    pub(in crate::agent) fn begin(&self, browser: Secret, issuer: String, authorization: Authorization) {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push(Away { since: Instant::now(), browser, issuer, authorization });
    }

    /// The one that this browser began; it is known no more, so nothing comes back twice.
    pub(in crate::agent) fn take(&self, browser: &Secret) -> Option<Away> {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        let at = all.iter().position(|away| away.browser.matches(browser))?;
        Some(all.remove(at))
    }

    pub(in crate::agent) fn end_all(&self) {
        lock(&self.0).clear();
    }
}
