//! A machine that waits for an approval: its codes, what is shown of it, and what was decided.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::base::{Expiry, Moment, Scopes, Secret, clock};

/// How long a code is good for.
pub(crate) const LIFE: Duration = Duration::from_secs(10 * 60);

/// The letters of user codes: no vowels, so no words (RFC 8628 §6.1); eight of them are 34 bits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
pub(super) const LENGTH: usize = 8;

const SECRET_BYTES: usize = 32;

/// What a person is shown of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) scopes: Option<Scopes>,
    pub(crate) at: Timestamp,
}

pub(super) struct Waiting {
    pub(super) device_code: Secret,
    pub(super) user_code: String,
    pub(super) asking: Asking,
    pub(super) since: Moment,
    pub(super) polled: Option<Moment>,
    pub(super) decision: Decision,
}

pub(super) enum Decision {
    None,
    Denied,
    Approved(Granted),
}

/// The token a machine gets, until it fetches it.
pub(crate) struct Granted {
    pub(crate) token: Secret,
    pub(crate) id: String,
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<Expiry>,
}

impl Waiting {
    /// Nobody decided, and there is time.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.decision, Decision::None) && self.since.elapsed() < LIFE
    }

    /// The token that it did not fetch.
    pub(super) fn unfetched(self) -> Option<String> {
        match self.decision {
            Decision::Approved(granted) => Some(granted.id),
            Decision::None | Decision::Denied => None,
        }
    }

    pub(super) fn shown_code(&self) -> String {
        let (first, second) = self.user_code.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }
}

impl Asking {
    pub(crate) fn new(name: Option<String>, address: Option<IpAddr>, scopes: Option<Scopes>) -> Asking {
        Asking { name, address, scopes, at: clock::now() }
    }
}

pub(super) fn codes() -> Result<(Secret, String), getrandom::Error> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(&mut *secret)?;
    let mut letters = String::new();
    while letters.len() < LENGTH {
        let mut byte = [0];
        getrandom::fill(&mut byte)?;
        // Bytes beyond the last whole round would make some letters likelier.
        if byte[0] < 240 {
            letters.push(LETTERS[usize::from(byte[0]) % LETTERS.len()].into());
        }
    }
    Ok((Secret::new(URL_SAFE_NO_PAD.encode(secret.as_slice())), letters))
}
