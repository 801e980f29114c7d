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
