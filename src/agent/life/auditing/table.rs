//! How many entries each author has left to be noted one by one, and counts of what came beyond. The number of authors
//! and of lines is bounded, so neither the memory nor the log grows with a crowd of strangers.

use std::collections::BTreeMap;

use super::allowance::{Allowance, Rate};
use super::kind::Kind;
use super::who::Author;
use crate::base::Moment;
use crate::wire::AuditEntry;

/// Authors of one sort, such as tokens or networks: how many entries each may still have noted one by one, and how many
/// were only counted.
pub(super) struct Table {
    most_authors: usize,
    most_lines: usize,
    authors: BTreeMap<(Author, Kind), Allowance>,
    pub(super) more: BTreeMap<(Kind, Author, String, String), More>,
}

/// Entries of one kind that were not noted.
pub(super) struct More {
    /// All of them, and those of which no line was written yet.
    total: u64,
    count: u64,
    from: String,
    last: AuditEntry,
    pub(super) begun: Moment,
}

impl Table {
    /// A table of at most so many authors and so many lines of counts. Whoever comes beyond that is counted together
    /// with all others beyond it.
    pub(super) fn new(most_authors: usize, most_lines: usize) -> Table {
        Table { most_authors, most_lines, authors: BTreeMap::new(), more: BTreeMap::new() }
    }

    pub(super) fn allowance(&mut self, who: &Author, kind: Kind, rate: Rate, now: Moment) -> &mut Allowance {
        let mut key = (who.clone(), kind);
        if !self.authors.contains_key(&key) && self.authors.len() >= SWEPT.min(self.most_authors) {
            self.authors.retain(|_, allowance| !allowance.is_full(now));
            if self.authors.len() >= self.most_authors {
                key = (who.all(), kind);
            }
        }
        self.authors.entry(key).or_insert_with(|| Allowance::full(rate, now))
    }

    /// One more. What changes rights is on the disk before it is acknowledged: of that there is a line at once for the
    /// first one, and whenever they are twice as many as before.
    pub(super) fn count(&mut self, who: Author, kind: Kind, entry: AuditEntry, now: Moment) -> Option<AuditEntry> {
        let key = |who: Author| (kind, who, entry.event.clone(), entry.outcome.clone());
        let own = key(who.clone());
        let is_one_more = self.more.len() >= self.most_lines && !self.more.contains_key(&own);
        let (who, key) = if is_one_more { (who.all(), key(who.all())) } else { (who, own) };
        let new = || More { total: 0, count: 0, from: entry.time.clone(), last: entry.clone(), begun: now };
        let more = self.more.entry(key).or_insert_with(new);
        if more.count == 0 {
            more.from.clone_from(&entry.time);
        }
        (more.total, more.count) = (more.total + 1, more.count + 1);
        let actor =
            if more.last.actor == entry.actor { entry.actor } else { who.actor(&more.last.actor, &entry.actor) };
        let door = entry.door.clone().filter(|_| more.last.door == entry.door);
        let entry = AuditEntry { actor, door, server: None, account: None, sent_to: None, ..entry };
        let entry = AuditEntry { method: None, path: None, about: None, repository: None, ..entry };
        more.last = AuditEntry { reference: None, old: None, new: None, grant: None, ..entry };
        if kind.is_of_rights() && more.total.is_power_of_two() { more.line() } else { None }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.authors.len()
    }
}

/// From this many authors on, those who used nothing lately are forgotten.
const SWEPT: usize = 256;

impl More {
    /// What was counted since the last line.
    pub(super) fn line(&mut self) -> Option<AuditEntry> {
        let count = std::mem::take(&mut self.count);
        let line = || AuditEntry { more: Some(count), since: Some(self.from.clone()), ..self.last.clone() };
        (count > 0).then(line)
    }
}
