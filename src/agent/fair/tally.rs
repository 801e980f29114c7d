//! Counts how often something happened lately, in bounded memory and at the same cost for each count: what a crowd
//! shows can neither fill the agent's memory nor make it slow. The price is that what is older than half of the time
//! may be forgotten early.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::base::Moment;

/// How often something happened lately, of many things. What is counted lies in one of two halves, of which the older
/// is forgotten as a whole: so counting costs the same however many there are, and there are never more than so many.
pub(crate) struct Tally<K> {
    began: Moment,
    newer: HashMap<K, u32>,
    older: HashMap<K, u32>,
}

/// What is older than this is forgotten; some of it is after half of the time.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
const HALF: Duration = Duration::from_secs(30);

/// How many different things one half counts. If more come, the half ends early, and what it counted is forgotten
/// sooner.
const MOST: usize = 4096;

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Tally { began: Moment::now(), newer: HashMap::new(), older: HashMap::new() }
    }
}

impl<K: Eq + Hash> Tally<K> {
    /// How often this happened lately.
    pub(crate) fn count<Q: Eq + Hash + ?Sized>(&mut self, what: &Q) -> u32
    where
        K: Borrow<Q>,
    {
        self.turn();
        let of = |half: &HashMap<K, u32>| half.get(what).copied().unwrap_or_default();
        of(&self.newer).saturating_add(of(&self.older))
    }

    /// Counts that this happened once more. Returns how often that makes.
    pub(crate) fn add(&mut self, what: K) -> u32 {
        self.turn();
        if self.newer.len() >= MOST && !self.newer.contains_key(&what) {
            self.begin();
        }
        let before = self.older.get(&what).copied().unwrap_or_default();
        let count = self.newer.entry(what).or_default();
        *count = count.saturating_add(1);
        before.saturating_add(*count)
    }

    /// In how many seconds everything that was counted up to now is forgotten.
    pub(crate) fn forgets_in(&self) -> u64 {
        WINDOW.saturating_sub(self.began.elapsed()).as_secs().max(1)
    }

    fn turn(&mut self) {
        match self.began.elapsed() {
            age if age >= WINDOW => {
                self.begin();
                self.older = HashMap::new();
            }
            age if age >= HALF => self.begin(),
            _ => {}
        }
    }

    fn begin(&mut self) {
        self.older = std::mem::take(&mut self.newer);
        self.began = Moment::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_goes_on_into_the_next_half_and_is_forgotten_in_the_end() {
        let mut tally = Tally::default();
        assert_eq!([tally.add("a"), tally.add("a"), tally.add("b")], [1, 2, 1]);
        crate::base::moment::sleep(HALF);
        assert_eq!((tally.count("a"), tally.add("a")), (2, 3));
        crate::base::moment::sleep(HALF);
        assert_eq!(tally.count("a"), 1);
        crate::base::moment::sleep(WINDOW);
        assert_eq!((tally.count("a"), tally.add("a")), (0, 1));
    }

    #[test]
    fn many_cost_no_more_than_few_and_their_number_is_bounded() {
        let mut tally = Tally::default();
        for number in 0..50_000_u32 {
            tally.add(number);
        }
        assert!(tally.newer.len() + tally.older.len() <= 2 * MOST);
        assert_eq!(tally.count(&49_999), 1);
    }
}
