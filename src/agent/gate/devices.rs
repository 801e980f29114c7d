//! Machines elsewhere that ask for a token of this agent, and wait for a person to decide (RFC 8628).
//!
//! Approving delegates. A person grants at most what they have (`Authority::may_delegate`), into the ledger as a token
//! of its own that outlives the session, with the person who approved it: they see it again in any later session of
//! theirs and can end it, whatever their role (`Viewer`). One that the machine does not fetch is taken back.

use std::sync::Mutex;
use std::time::Duration;

use crate::agent::fair::party::Party;
use crate::agent::fair::shares::Shares;
use crate::agent::gate::waiting::{Asking, Decision, Granted, LENGTH, LIFE, Waiting, codes};
use crate::base::lock;
use crate::base::{Moment, Secret};

/// How often a machine may ask what became of it. A Loom client asks once a second.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
const LEAST_PAUSE: Duration = Duration::from_millis(800);

/// How many machines may wait for an approval, and how many of one address. Above that the oldest of the party with
/// most gives way, and at one address the oldest that nobody has decided.
const MOST: usize = 200;
const MOST_OF_ONE: usize = 20;

/// The machines that wait. In memory only: who waited when the agent ended asks anew.
pub(crate) struct Devices {
    waiting: Mutex<Shares<Waiting>>,
    /// The ids of tokens that no machine fetched, until they are off the list.
    unfetched: Mutex<Vec<String>>,
    /// When a stranger's request tried last to take these off the list, and did not; held while one tries.
    pub(super) tried: tokio::sync::Mutex<Option<Moment>>,
}

/// What a poll brought.
pub(crate) enum Polled {
    Pending,
    SlowDown,
    Denied,
    Unknown,
    Granted(Granted),
}

/// Why nobody is let in to wait.
#[derive(Debug)]
pub(crate) enum NoPlace {
    TooMany,
    NoRandom(getrandom::Error),
}

impl Default for Devices {
    fn default() -> Self {
        Devices { waiting: Mutex::new(Shares::new(MOST)), unfetched: Mutex::default(), tried: Default::default() }
    }
}

impl Devices {
    /// A machine begins to wait: the code that it keeps, and the one for the person.
    pub(crate) fn start(&self, party: Party, asking: Asking) -> Result<(Secret, String), NoPlace> {
        let (device_code, user_code) = codes().map_err(NoPlace::NoRandom)?;
        let mut all = lock(&self.waiting);
        if all.iter().any(|(_, other)| other.user_code == user_code) {
            return Err(NoPlace::TooMany);
        }
        let is_undecided = |waiting: &Waiting| matches!(waiting.decision, Decision::None);
        if all.count_of(&party) >= MOST_OF_ONE && all.take_oldest_of(&party, is_undecided).is_none() {
            return Err(NoPlace::TooMany);
        }
        let (since, polled, decision) = (Moment::now(), None, Decision::None);
        let waiting = Waiting { device_code: device_code.clone(), user_code, asking, since, polled, decision };
        let shown = waiting.shown_code();
        let (_, gone) = all.join(party, waiting).map_err(|_| NoPlace::TooMany)?;
        self.gone(gone);
        Ok((device_code, shown))
    }

    /// What became of it. A decision is told once.
    pub(crate) fn poll(&self, device_code: &Secret) -> Polled {
        let mut all = lock(&self.waiting);
        let found = all.iter().find(|(_, waiting)| waiting.device_code.matches(device_code)).map(|(number, _)| number);
        let Some((number, waiting)) = found.and_then(|number| Some((number, all.get_mut(number)?))) else {
            return Polled::Unknown;
        };
        let hurries = waiting.polled.replace(Moment::now()).is_some_and(|last| last.elapsed() < LEAST_PAUSE);
        match waiting.decision {
            Decision::None if !waiting.is_open() => Polled::Unknown,
            Decision::None if hurries => Polled::SlowDown,
            Decision::None => Polled::Pending,
            Decision::Denied | Decision::Approved(_) => match all.remove(number).map(|waiting| waiting.decision) {
                Some(Decision::Approved(granted)) => Polled::Granted(granted),
                Some(Decision::None | Decision::Denied) | None => Polled::Denied,
            },
        }
    }

    /// Who waits with this code, and for how long still.
    pub(crate) fn look(&self, user_code: &str) -> Option<(String, Asking, Duration)> {
        let all = lock(&self.waiting);
        let (_, waiting) = find(&all, user_code)?;
        Some((waiting.shown_code(), waiting.asking.clone(), LIFE.saturating_sub(waiting.since.elapsed())))
    }

    /// Notes the decision, if nobody decided yet. What was approved is no stranger's any more: it is of whoever
    /// approved it.
    pub(crate) fn decide(&self, user_code: &str, granted: Option<Granted>, by: Party) -> Result<(), Option<Granted>> {
        let mut all = lock(&self.waiting);
        let Some((number, _)) = find(&all, user_code) else { return Err(granted) };
        if granted.is_some() {
            all.vouch(number, by);
        }
        if let Some(waiting) = all.get_mut(number) {
            waiting.decision = granted.map_or(Decision::Denied, Decision::Approved);
        }
        Ok(())
    }

    /// Forgets whose time is over.
    pub(crate) fn forget_old(&self) {
        self.forget(|waiting| waiting.since.elapsed() >= LIFE);
    }

    /// Forgets everybody.
    pub(crate) fn forget_all(&self) {
        self.forget(|_| true);
    }

    /// The ids of tokens that nobody fetched.
    pub(crate) fn unfetched(&self) -> Vec<String> {
        lock(&self.unfetched).clone()
    }

    /// Nobody will fetch this one.
    pub(crate) fn is_unfetched(&self, id: String) {
        lock(&self.unfetched).push(id);
    }

    /// These are off the list.
    pub(crate) fn were_taken_back(&self, ids: &[String]) {
        lock(&self.unfetched).retain(|id| !ids.contains(id));
    }

    fn forget(&self, goes: impl Fn(&Waiting) -> bool) {
        let mut all = lock(&self.waiting);
        self.gone(all.take(goes));
    }

    /// What these did not fetch is kept in mind before they are forgotten.
    fn gone(&self, gone: impl IntoIterator<Item = Waiting>) {
        gone.into_iter().filter_map(Waiting::unfetched).for_each(|id| self.is_unfetched(id));
    }
}

fn find<'a>(all: &'a Shares<Waiting>, user_code: &str) -> Option<(u64, &'a Waiting)> {
    // However a person types it (RFC 8628 §6.1).
    let typed: String = user_code.chars().filter(char::is_ascii_alphanumeric).take(LENGTH + 1).collect();
    let typed = typed.to_ascii_uppercase();
    all.iter().find(|(_, waiting)| waiting.is_open() && waiting.user_code == typed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Scopes;

    fn asking() -> Asking {
        Asking::new(Some("box".into()), Some([127, 0, 0, 1].into()), None)
    }

    fn start(devices: &Devices) -> Result<(Secret, String), NoPlace> {
        devices.start(Party::at([127, 0, 0, 1].into()), asking())
    }

    fn owner() -> Party {
        Party::process(1)
    }

    fn granted() -> Granted {
        Granted { token: Secret::new("t".into()), id: "i".into(), scopes: Scopes::default(), expires_at: None }
    }

    #[test]
    fn a_token_is_told_once_and_a_code_decides_once() {
        let devices = Devices::default();
        let (code, typed) = start(&devices).unwrap();
        assert!(matches!(devices.poll(&code), Polled::Pending));
        assert!(matches!(devices.poll(&code), Polled::SlowDown));
        assert_eq!(devices.look(&typed.to_lowercase().replace('-', " ")).unwrap().0, typed);
        assert!(devices.look("AAAA-AAAA").is_none());
        assert!(devices.look(&format!("{typed}B")).is_none());
        devices.decide(&typed, Some(granted()), owner()).ok().unwrap();
        assert!(devices.decide(&typed, None, owner()).is_err());
        assert!(devices.look(&typed).is_none());
        assert!(matches!(devices.poll(&code), Polled::Granted(_)));
        assert!(matches!(devices.poll(&code), Polled::Unknown));
    }

    #[test]
    fn who_was_denied_learns_so_and_what_nobody_fetches_is_revoked() {
        let devices = Devices::default();
        let (code, typed) = start(&devices).unwrap();
        devices.decide(&typed, None, owner()).ok().unwrap();
        assert!(matches!(devices.poll(&code), Polled::Denied));
        assert!(matches!(devices.poll(&code), Polled::Unknown));
        let (_, typed) = start(&devices).unwrap();
        devices.decide(&typed, Some(granted()), owner()).ok().unwrap();
        devices.forget_old();
        assert!(devices.unfetched().is_empty());
        devices.forget_all();
        assert_eq!(devices.unfetched(), ["i"]);
        devices.were_taken_back(&["i".to_owned()]);
        assert!(devices.unfetched().is_empty());
    }

    #[test]
    fn neither_one_address_nor_many_can_take_every_place() {
        let devices = Devices::default();
        let from = |host: usize| Party::at([10, 0, 0, host as u8].into());
        (0..100).for_each(|_| drop(devices.start(from(1), asking()).unwrap()));
        assert_eq!(lock(&devices.waiting).len(), MOST_OF_ONE);
        let (code, _) = devices.start(from(99), asking()).unwrap();
        for host in 2..60 {
            (0..MOST_OF_ONE).for_each(|_| drop(devices.start(from(host), asking())));
        }
        assert!(lock(&devices.waiting).len() <= MOST);
        assert!(devices.start(from(98), asking()).is_ok());
        assert!(matches!(devices.poll(&code), Polled::Pending), "the one of a lone address gave way");
    }

    #[test]
    fn where_many_wait_at_one_address_the_oldest_undecided_gives_way() {
        let devices = Devices::default();
        let (approved, typed) = start(&devices).unwrap();
        devices.decide(&typed, Some(granted()), owner()).ok().unwrap();
        let waiting: Vec<_> = (0..MOST_OF_ONE).map(|_| start(&devices).unwrap().0).collect();
        let (newcomer, typed) = start(&devices).unwrap();
        assert!(devices.look(&typed).is_some());
        assert!(devices.unfetched().is_empty());
        assert!(matches!(devices.poll(&waiting[0]), Polled::Unknown));
        for code in [&waiting[1], &newcomer] {
            assert!(matches!(devices.poll(code), Polled::Pending));
        }
        assert!(matches!(devices.poll(&approved), Polled::Granted(_)), "a decision is not lost");
        let devices = Devices::default();
        for _ in 0..MOST_OF_ONE {
            let (_, typed) = start(&devices).unwrap();
            devices.decide(&typed, Some(granted()), owner()).ok().unwrap();
        }
        assert!(start(&devices).is_ok(), "what was approved takes a place of its approver");
    }

    #[test]
    fn who_was_approved_gives_way_to_no_stranger() {
        let devices = Devices::default();
        let (code, typed) = start(&devices).unwrap();
        devices.decide(&typed, Some(granted()), owner()).ok().unwrap();
        for host in 0..=255 {
            devices.start(Party::at([10, 0, 0, host].into()), asking()).unwrap();
        }
        assert!(matches!(devices.poll(&code), Polled::Granted(_)));
    }

    #[test]
    fn who_approves_many_machines_takes_their_own_places_not_the_owners() {
        let devices = Devices::default();
        let reader = || Party::at([127, 0, 0, 1].into()).named(Some("reader")).showing(Some("reader"));
        let (owners, typed) = start(&devices).unwrap();
        devices.decide(&typed, Some(granted()), owner()).ok().unwrap();
        for host in 0..2 * MOST {
            let machine = Party::at([10, 0, (host / 250) as u8, (host % 250) as u8].into());
            let (_, typed) = devices.start(machine, asking()).unwrap();
            devices.decide(&typed, Some(granted()), reader()).ok().unwrap();
        }
        assert_eq!(devices.unfetched().len(), MOST + 1, "what one token approved gives way to what it approves next");
        assert!(matches!(devices.poll(&owners), Polled::Granted(_)));
        assert!(devices.start(Party::at([10, 9, 9, 9].into()), asking()).is_ok());
    }
}
