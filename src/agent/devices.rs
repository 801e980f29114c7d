//! Machines elsewhere that ask for a token of this agent, and wait for a person to decide (RFC 8628).

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::state::lock;
use crate::base::{Expiry, Moment, Scopes, Secret, clock};

/// How long a code is good for.
pub(super) const LIFE: Duration = Duration::from_secs(10 * 60);

/// How often a machine may ask what became of it. A Loom client asks once a second.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
const LEAST_PAUSE: Duration = Duration::from_millis(800);

/// So many machines wait at most, and so many of one address.
const MOST: usize = 200;
const MOST_OF_ONE: usize = 20;

/// The letters of user codes: no vowels, so no words (RFC 8628 §6.1); eight of them are 34 bits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

const SECRET_BYTES: usize = 32;

/// The machines that wait. In memory only: who waited when the agent ended asks anew.
#[derive(Default)]
pub(super) struct Devices(Mutex<Vec<Waiting>>);

/// What a person is shown of a machine.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) name: Option<String>,
    pub(super) address: Option<IpAddr>,
    pub(super) scopes: Option<Scopes>,
    pub(super) at: Timestamp,
}

struct Waiting {
    device_code: Secret,
    user_code: String,
    asking: Asking,
    since: Moment,
    polled: Option<Moment>,
    decision: Decision,
}

enum Decision {
    None,
    Denied,
    Approved(Granted),
}

/// The token a machine gets, until it fetches it.
pub(super) struct Granted {
    pub(super) token: Secret,
    pub(super) id: String,
    pub(super) scopes: Scopes,
    pub(super) expires_at: Option<Expiry>,
}

/// What a poll brought.
pub(super) enum Polled {
    Pending,
    SlowDown,
    Denied,
    Unknown,
    Granted(Granted),
}

/// Why nobody is let in to wait.
#[derive(Debug)]
pub(super) enum NoPlace {
    TooMany,
    NoRandom(getrandom::Error),
}

impl Devices {
    /// A machine begins to wait: the code that it keeps, and the one for the person.
    pub(super) fn start(&self, asking: Asking) -> Result<(Secret, String), NoPlace> {
        let (device_code, user_code) = codes().map_err(NoPlace::NoRandom)?;
        let mut all = lock(&self.0);
        let of_one = all.iter().filter(|waiting| waiting.is_open() && waiting.asking.address == asking.address).count();
        if all.len() >= MOST || of_one >= MOST_OF_ONE || all.iter().any(|other| other.user_code == user_code) {
            return Err(NoPlace::TooMany);
        }
        let (since, polled, decision) = (Moment::now(), None, Decision::None);
        let waiting = Waiting { device_code: device_code.clone(), user_code, asking, since, polled, decision };
        let shown = waiting.shown_code();
        all.push(waiting);
        Ok((device_code, shown))
    }

    /// What became of it. A decision is told once.
    pub(super) fn poll(&self, device_code: &Secret) -> Polled {
        let mut all = lock(&self.0);
        let Some(at) = all.iter().position(|waiting| waiting.device_code.matches(device_code)) else {
            return Polled::Unknown;
        };
        let hurries = all[at].polled.replace(Moment::now()).is_some_and(|last| last.elapsed() < LEAST_PAUSE);
        match all[at].decision {
            Decision::None if !all[at].is_open() => Polled::Unknown,
            Decision::None if hurries => Polled::SlowDown,
            Decision::None => Polled::Pending,
            Decision::Denied | Decision::Approved(_) => match all.remove(at).decision {
                Decision::Approved(granted) => Polled::Granted(granted),
                Decision::None | Decision::Denied => Polled::Denied,
            },
        }
    }

    /// Who waits with this code, and for how long still.
    pub(super) fn look(&self, user_code: &str) -> Option<(String, Asking, Duration)> {
        let all = lock(&self.0);
        let waiting = find(&all, user_code).map(|at| &all[at])?;
        Some((waiting.shown_code(), waiting.asking.clone(), LIFE.saturating_sub(waiting.since.elapsed())))
    }

    /// Notes the decision, if nobody decided yet.
    pub(super) fn decide(&self, user_code: &str, granted: Option<Granted>) -> Result<(), Option<Granted>> {
        let mut all = lock(&self.0);
        let Some(at) = find(&all, user_code) else { return Err(granted) };
        all[at].decision = granted.map_or(Decision::Denied, Decision::Approved);
        Ok(())
    }

    /// Forgets whose time is over; the ids of tokens that nobody fetched.
    pub(super) fn forget_old(&self) -> Vec<String> {
        self.forget(|waiting| waiting.since.elapsed() >= LIFE)
    }

    /// Forgets everybody.
    pub(super) fn forget_all(&self) -> Vec<String> {
        self.forget(|_| true)
    }

    fn forget(&self, goes: impl Fn(&Waiting) -> bool) -> Vec<String> {
        let gone: Vec<Waiting> = lock(&self.0).extract_if(.., |waiting| goes(waiting)).collect();
        let unfetched = gone.into_iter().filter_map(|waiting| match waiting.decision {
            Decision::Approved(granted) => Some(granted.id),
            Decision::None | Decision::Denied => None,
        });
        unfetched.collect()
    }
}

impl Waiting {
    /// Nobody decided, and there is time.
    fn is_open(&self) -> bool {
        matches!(self.decision, Decision::None) && self.since.elapsed() < LIFE
    }

    fn shown_code(&self) -> String {
        let (first, second) = self.user_code.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }
}

fn find(all: &MutexGuard<'_, Vec<Waiting>>, user_code: &str) -> Option<usize> {
    // However a person types it (RFC 8628 §6.1).
    let typed: String = user_code.chars().filter(char::is_ascii_alphanumeric).take(LENGTH + 1).collect();
    let typed = typed.to_ascii_uppercase();
    all.iter().position(|waiting| waiting.is_open() && waiting.user_code == typed)
}

fn codes() -> Result<(Secret, String), getrandom::Error> {
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

impl Asking {
    pub(super) fn new(name: Option<String>, address: Option<IpAddr>, scopes: Option<Scopes>) -> Asking {
        Asking { name, address, scopes, at: clock::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking() -> Asking {
        Asking::new(Some("box".into()), Some([127, 0, 0, 1].into()), None)
    }

    fn granted() -> Granted {
        Granted { token: Secret::new("t".into()), id: "i".into(), scopes: Scopes::default(), expires_at: None }
    }

    #[test]
    fn a_token_is_told_once_and_a_code_decides_once() {
        let devices = Devices::default();
        let (code, typed) = devices.start(asking()).unwrap();
        assert!(matches!(devices.poll(&code), Polled::Pending) && matches!(devices.poll(&code), Polled::SlowDown));
        assert_eq!(devices.look(&typed.to_lowercase().replace('-', " ")).unwrap().0, typed);
        assert!(devices.look("AAAA-AAAA").is_none() && devices.look(&format!("{typed}B")).is_none());
        devices.decide(&typed, Some(granted())).ok().unwrap();
        assert!(devices.decide(&typed, None).is_err() && devices.look(&typed).is_none());
        assert!(matches!(devices.poll(&code), Polled::Granted(_)) && matches!(devices.poll(&code), Polled::Unknown));
    }

    #[test]
    fn who_was_denied_learns_so_and_what_nobody_fetches_is_named_for_revocation() {
        let devices = Devices::default();
        let (code, typed) = devices.start(asking()).unwrap();
        devices.decide(&typed, None).ok().unwrap();
        assert!(matches!(devices.poll(&code), Polled::Denied) && matches!(devices.poll(&code), Polled::Unknown));
        let (_, typed) = devices.start(asking()).unwrap();
        devices.decide(&typed, Some(granted())).ok().unwrap();
        assert!(devices.forget_old().is_empty());
        assert_eq!(devices.forget_all(), ["i"]);
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let devices = Devices::default();
        let started = (0..100).filter(|_| devices.start(asking()).is_ok()).count();
        assert_eq!(started, MOST_OF_ONE);
        let other = Asking { address: Some([127, 0, 0, 2].into()), ..asking() };
        assert!(devices.start(other).is_ok());
    }
}
