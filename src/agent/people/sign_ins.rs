use std::sync::Mutex;
use std::time::Duration;

use crate::agent::Party;
use crate::agent::shares::Shares;
use crate::agent::state::lock;
use crate::base::{Moment, Secret};
use crate::oauth::code::Authorization;

/// How long somebody may take to sign in at the issuer.
const WITHIN: Duration = Duration::from_secs(10 * 60);

/// So many browsers are away at most. Since anybody may begin, the oldest of where most are from is forgotten then.
const MOST: usize = 1024;

/// Browsers that were sent to an issuer and have not come back.
pub(in crate::agent) struct SignIns(Mutex<Shares<Away>>);

pub(in crate::agent) struct Away {
    since: Moment,
    browser: Secret,
    pub(in crate::agent) issuer: String,
    pub(in crate::agent) authorization: Authorization,
    /// The session that the browser had when it was sent away, by its name.
    pub(in crate::agent) replaces: Option<String>,
}

impl Default for SignIns {
    fn default() -> Self {
        SignIns(Mutex::new(Shares::new(MOST)))
    }
}

impl Away {
    pub(in crate::agent) fn new(
        browser: Secret,
        issuer: String,
        authorization: Authorization,
        replaces: Option<String>,
    ) -> Away {
        Away { since: Moment::now(), browser, issuer, authorization, replaces }
    }
}

impl SignIns {
    pub(in crate::agent) fn begin(&self, party: Party, new: Away) {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        all.push(party, new);
    }

    /// The one that this browser began; it is known no more, so nothing comes back twice.
    pub(in crate::agent) fn take(&self, browser: &Secret) -> Option<Away> {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        let (number, _) = all.iter().find(|(_, away)| away.browser.matches(browser))?;
        all.remove(number)
    }

    pub(in crate::agent) fn end_all(&self) {
        lock(&self.0).retain(|_| false);
    }
}
