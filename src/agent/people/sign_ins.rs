use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::agent::state::lock;
use crate::base::{Moment, Secret};
use crate::oauth::code::Authorization;

/// How long somebody may take to sign in at the issuer.
const WITHIN: Duration = Duration::from_secs(10 * 60);

/// So many browsers are away at most, and so many of one address; the oldest is forgotten first, since anybody may begin.
const MOST: usize = 256;
const MOST_OF_ONE: usize = 32;

/// Browsers that were sent to an issuer and have not come back.
#[derive(Default)]
pub(in crate::agent) struct SignIns(Mutex<Vec<Away>>);

pub(in crate::agent) struct Away {
    since: Moment,
    address: IpAddr,
    browser: Secret,
    pub(in crate::agent) issuer: String,
    pub(in crate::agent) authorization: Authorization,
}

impl SignIns {
    pub(in crate::agent) fn begin(
        &self,
        address: IpAddr,
        browser: Secret,
        issuer: String,
        authorization: Authorization,
    ) {
        let mut all = lock(&self.0);
        all.retain(|away| away.since.elapsed() < WITHIN);
        let own: Vec<usize> = (0..all.len()).filter(|at| all[*at].address == address).collect();
        if own.len() >= MOST_OF_ONE {
            all.remove(own[0]);
        } else if all.len() >= MOST {
            all.remove(0);
        }
        all.push(Away { since: Moment::now(), address, browser, issuer, authorization });
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
