//! How much of the log one party can fill, so that nobody empties it who may not even read it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::who::Author;
use crate::base::Moment;
use crate::wire::AuditEntry;

/// So many entries at once, and one more each time this has passed.
#[derive(Clone, Copy)]
struct Rate {
    at_once: u64,
    every: Duration,
}

const fn rate(at_once: u64, seconds: u64) -> Rate {
    Rate { at_once, every: Duration::from_secs(seconds) }
}

/// What one token or person was refused.
const REFUSALS: Rate = rate(100, 60);
/// What they did, and what the agent did by itself.
const DEEDS: Rate = rate(1_000, 6);
/// What rights they gave and took.
const RIGHTS: Rate = rate(100, 60);
/// All of these but rights.
const ALL_RESTRICTED: Rate = rate(4_000, 6);
/// Whoever shows nothing that counts, of one network; and all of them.
const NETWORK: Rate = rate(20, 60);
const ALL_STRANGERS: Rate = rate(200, 30);

/// What was not noted one by one is noted as one line after so long.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// Others than these are counted together.
const MAX_AUTHORS: usize = 256;
const MAX_LINES: usize = 32;

/// Whoever may only read the log has these lines written at most so often.
const ASKED: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Refusal,
    Deed,
    Right,
}

#[derive(Default)]
pub(super) struct Bounds {
    authors: BTreeMap<(Author, Kind), Allowance>,
    restricted: Option<Allowance>,
    strangers: Option<Allowance>,
    more: BTreeMap<(Kind, Author, String, String), More>,
    asked: Option<Moment>,
}

struct Allowance {
    left: u64,
    since: Moment,
}

/// Entries of one kind that were not noted.
struct More {
    count: u64,
    from: String,
    last: AuditEntry,
    begun: Moment,
}

impl Bounds {
    /// The entry, if it is to be noted by itself; else it is counted.
    pub(super) fn admit(&mut self, who: &Author, kind: Kind, entry: AuditEntry) -> Option<AuditEntry> {
        let own = match (who, kind) {
            (Author::Owner, _) | (Author::Agent, Kind::Right) => return Some(entry),
            (Author::Network(_) | Author::Processes, _) => NETWORK,
            (Author::Restricted(_), Kind::Refusal) => REFUSALS,
            (Author::Restricted(_), Kind::Right) => RIGHTS,
            (Author::Restricted(_) | Author::Agent, _) => DEEDS,
        };
        let now = Moment::now();
        let key = self.known(who, kind);
        if !self.authors.entry(key).or_insert_with(|| Allowance::full(own, now)).take(own, now) {
            self.count(who.clone(), kind, entry, now);
            return None;
        }
        let (all, of_all) = match who {
            Author::Restricted(_) if kind != Kind::Right => (&mut self.restricted, ALL_RESTRICTED),
            Author::Network(_) => (&mut self.strangers, ALL_STRANGERS),
            _ => return Some(entry),
        };
        if all.get_or_insert_with(|| Allowance::full(of_all, now)).take(of_all, now) {
            return Some(entry);
        }
        self.count(who.all(), kind, entry, now);
        None
    }

    /// For how many seconds this author may not give rights, since what it did could not be noted one by one.
    pub(super) fn waits(&mut self, who: &Author) -> Option<u64> {
        let Author::Restricted(_) = who else { return None };
        let key = self.known(who, Kind::Right);
        let allowance = self.authors.get_mut(&key)?;
        let now = Moment::now();
        allowance.fill(RIGHTS, now);
        let left = RIGHTS.every.saturating_sub(now.since(allowance.since)).as_secs().max(1);
        (allowance.left == 0).then_some(left)
    }

    /// One line for each kind of what was not noted by itself, once its time is over; all of them for who asks.
    pub(super) fn lines(&mut self, asker: Option<&Author>) -> Vec<(Kind, AuditEntry)> {
        let is_asked = match asker {
            None => false,
            Some(Author::Owner) => true,
            Some(_) => self.asked.is_none_or(|asked| asked.elapsed() >= ASKED),
        };
        if is_asked && asker != Some(&Author::Owner) {
            self.asked = Some(Moment::now());
        }
        let due = self.more.extract_if(.., |_, more| is_asked || more.begun.elapsed() >= WINDOW);
        due.map(|((kind, ..), more)| (kind, more.line())).collect()
    }

    /// When there is a line to be written, if nobody asks before.
    pub(super) fn due(&self) -> Option<Duration> {
        self.more.values().map(|more| WINDOW.saturating_sub(more.begun.elapsed())).min()
    }

    fn known(&mut self, who: &Author, kind: Kind) -> (Author, Kind) {
        let key = (who.clone(), kind);
        if self.authors.len() >= MAX_AUTHORS && !self.authors.contains_key(&key) {
            let now = Moment::now();
            // Whoever was quiet for so long begins anew in any case.
            self.authors.retain(|_, allowance| now.since(allowance.since) < WINDOW);
            if self.authors.len() >= MAX_AUTHORS {
                return (who.all(), kind);
            }
        }
        key
    }

    fn count(&mut self, who: Author, kind: Kind, entry: AuditEntry, now: Moment) {
        let key = |who: Author| (kind, who, entry.event.clone(), entry.outcome.clone());
        let own = key(who.clone());
        let is_one_more = self.more.len() >= MAX_LINES && !self.more.contains_key(&own);
        let (who, key) = if is_one_more { (who.all(), key(who.all())) } else { (who, own) };
        let from = entry.time.clone();
        let more = self.more.entry(key).or_insert_with(|| More { count: 0, from, last: entry.clone(), begun: now });
        more.count += 1;
        let actor = if more.last.actor == entry.actor { entry.actor } else { who.actor(&entry.actor) };
        more.last = AuditEntry { actor, server: None, account: None, method: None, path: None, ..entry };
    }
}

impl Allowance {
    fn full(rate: Rate, now: Moment) -> Allowance {
        Allowance { left: rate.at_once, since: now }
    }

    fn fill(&mut self, rate: Rate, now: Moment) {
        let passed = now.since(self.since).as_millis() / rate.every.as_millis();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.left = rate.at_once.min(self.left.saturating_add(passed.into()));
        self.since = self.since + rate.every.saturating_mul(passed);
    }

    fn take(&mut self, rate: Rate, now: Moment) -> bool {
        self.fill(rate, now);
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

impl More {
    fn line(self) -> AuditEntry {
        AuditEntry { more: Some(self.count), since: Some(self.from), ..self.last }
    }
}

impl Kind {
    pub(super) fn of(is_ok: bool, changes_rights: bool) -> Kind {
        match (is_ok, changes_rights) {
            (true, true) => Kind::Right,
            (true, false) => Kind::Deed,
            (false, _) => Kind::Refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::moment;
    use crate::wire::Actor;

    fn entry(actor: Actor) -> AuditEntry {
        let (time, event, outcome) = ("2026-01-01T00:00:00Z".into(), "auth.fail".into(), "denied".into());
        AuditEntry {
            time,
            event,
            actor,
            server: None,
            account: None,
            method: None,
            path: None,
            outcome,
            more: None,
            since: None,
        }
    }

    /// How many of so many are noted one by one.
    fn noted(bounds: &mut Bounds, author: &Author, kind: Kind, count: usize) -> usize {
        let actor = Actor::Stranger { address: "192.0.2.1".into() };
        (0..count).filter(|_| bounds.admit(author, kind, entry(actor.clone())).is_some()).count()
    }

    #[test]
    fn what_the_owner_did_is_noted_however_much_it_is() {
        let mut bounds = Bounds::default();
        for kind in [Kind::Refusal, Kind::Deed, Kind::Right] {
            assert_eq!(noted(&mut bounds, &Author::Owner, kind, 20_000), 20_000);
        }
        assert!(bounds.lines(Some(&Author::Owner)).is_empty());
    }

    #[test]
    fn what_one_token_was_refused_is_noted_so_often_and_then_counted() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        assert_eq!(noted(&mut bounds, &token, Kind::Refusal, 96_000), 100);
        assert_eq!(noted(&mut bounds, &token, Kind::Deed, 10), 10, "what it does is noted all the same");
        assert_eq!(noted(&mut bounds, &Author::Restricted("u".into()), Kind::Refusal, 10), 10, "and what others do");
        assert!(bounds.lines(None).is_empty() && bounds.due().is_some());
        moment::sleep(WINDOW);
        let lines = bounds.lines(None);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].1.more, lines[0].1.since.as_deref()), (Some(95_900), Some("2026-01-01T00:00:00Z")));
        assert!(bounds.due().is_none());
        // Whoever keeps still for a while is heard again.
        assert_eq!(noted(&mut bounds, &token, Kind::Refusal, 1_000), 10);
    }

    #[test]
    fn strangers_are_bounded_by_their_network_and_all_together_in_lines_and_in_memory() {
        let mut bounds = Bounds::default();
        let mut all = 0;
        for n in 0..6_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0x7f00_0000 + n);
            all += noted(&mut bounds, &Author::at(address.into()), Kind::Refusal, 3);
        }
        assert_eq!(all, 20, "who is on this machine has one network, however many addresses");
        for n in 0..6_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0xc000_0200 + n);
            all += noted(&mut bounds, &Author::at(address.into()), Kind::Refusal, 3);
        }
        assert_eq!(all, 200);
        let lines = bounds.lines(Some(&Author::Owner));
        assert!(lines.len() <= MAX_LINES + 1 && bounds.authors.len() <= MAX_AUTHORS + 1, "{}", lines.len());
        assert_eq!(lines.iter().filter_map(|(_, line)| line.more).sum::<u64>(), 36_000 - 200);
    }

    #[test]
    fn whoever_gave_so_many_rights_has_to_wait_before_they_give_more() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        assert_eq!(bounds.waits(&token), None);
        assert_eq!(noted(&mut bounds, &token, Kind::Right, 101), 100);
        assert!(bounds.waits(&token).is_some_and(|seconds| seconds <= 60));
        assert_eq!((bounds.waits(&Author::Owner), bounds.waits(&Author::Restricted("u".into()))), (None, None));
        moment::sleep(RIGHTS.every);
        assert_eq!(bounds.waits(&token), None);
        assert!(bounds.lines(Some(&Author::Owner)).iter().all(|(kind, _)| *kind == Kind::Right));
    }

    #[test]
    fn who_may_only_read_the_log_does_not_fill_it_by_asking() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        let mut lines = 0;
        for _ in 0..1_000 {
            noted(&mut bounds, &token, Kind::Refusal, 2);
            lines += bounds.lines(Some(&token)).len();
        }
        assert!(lines <= 1, "{lines}");
    }
}
