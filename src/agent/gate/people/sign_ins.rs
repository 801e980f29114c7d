use std::sync::Mutex;
use std::time::Duration;

use crate::agent::fair::party::Party;
use crate::agent::fair::shares::Shares;
use crate::base::lock;
use crate::base::{Moment, Secret};
use crate::oauth::code::Authorization;

/// How long somebody may take to sign in at the issuer.
const WITHIN: Duration = Duration::from_secs(10 * 60);

/// How many browsers may be at an issuer at once. Anybody may begin a sign-in, so above that the oldest of the party
/// with most is forgotten.
const MOST: usize = 1024;

/// Browsers that were sent to an issuer and have not come back.
pub(crate) struct SignIns(Mutex<Shares<Away>>);

pub(crate) struct Away {
    since: Moment,
    browser: Secret,
    pub(crate) issuer: String,
    pub(crate) authorization: Authorization,
    /// The session that the browser had when it was sent away, by its name.
    pub(crate) replaces: Option<String>,
}

impl Default for SignIns {
    fn default() -> Self {
        SignIns(Mutex::new(Shares::new(MOST)))
    }
}

impl Away {
    pub(crate) fn new(browser: Secret, issuer: String, authorization: Authorization, replaces: Option<String>) -> Away {
        Away { since: Moment::now(), browser, issuer, authorization, replaces }
    }
}

impl SignIns {
    pub(crate) fn begin(&self, party: Party, new: Away) {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        all.push(party, new);
    }

    /// The one that this browser began; it is known no more, so nothing comes back twice.
    pub(crate) fn take(&self, browser: &Secret) -> Option<Away> {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        let (number, _) = all.iter().find(|(_, away)| away.browser.matches(browser))?;
        all.remove(number)
    }

    pub(crate) fn end_all(&self) {
        lock(&self.0).retain(|_| false);
    }
}
