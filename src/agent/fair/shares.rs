//! Places of which there are only so many, shared among those who want them.
//!
//! Whoever has most gives way. Connections, calls that are streamed, looks at the log, sessions, sign-ins under way and
//! machines that wait for an approval are pools of one kind. Once a pool is full, who takes a place takes it from the
//! one who has most: told apart by person, or by the token that all of theirs came of, then by token, by network (64
//! bits of an IPv6 address; this machine's own addresses are one), by address, by process. Who has most themselves is
//! told to wait, or gives up their own oldest. A quarter of each pool is the owner's, who is never among those who have
//! most for one that they have; more than that is not, or a script of the owner's would keep all others out. Tokens of
//! machines count in the share of who approved them, and those that a token issued in that token's.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::agent::fair::party::{Party, WAYS};

/// Things that take up one of so many places each. When there is none left, the one who has most gives way: so whoever
/// takes all they can get keeps nobody else out.
#[derive(Debug)]
pub(crate) struct Shares<T> {
    most: usize,
    next: u64,
    /// Oldest first.
    taken: BTreeMap<u64, (Party, T)>,
    /// The numbers that each party has: a crowd of one party is weighed as one.
    parties: HashMap<Party, BTreeSet<u64>>,
}

/// The part of the places, as its divisor, up to which the owner never gives way while somebody else has a place.
const OWNERS_PART: usize = 4;

impl<T> Shares<T> {
    /// A pool of this many places, at least one.
    pub(crate) fn new(most: usize) -> Shares<T> {
        Shares { most: most.max(1), next: 0, taken: BTreeMap::new(), parties: HashMap::new() }
    }

    /// Takes a place. Returns its number, and the thing of another party that had to give way, if one had to. If this
    /// party has most places already, `thing` is handed back as the error.
    pub(crate) fn join(&mut self, party: Party, thing: T) -> Result<(u64, Option<T>), T> {
        match self.who_gives_way(&party) {
            Some((_, true)) => Err(thing),
            gives_way => Ok(self.put(party, thing, gives_way)),
        }
    }

    /// Takes a place in any case. Returns its number, and the thing that had to give way, if one had to: if this party
    /// has most places already, its own oldest.
    pub(crate) fn push(&mut self, party: Party, thing: T) -> (u64, Option<T>) {
        let gives_way = self.who_gives_way(&party);
        self.put(party, thing, gives_way)
    }

    /// The oldest of the one who has most, who gives it up.
    pub(crate) fn send_one_away(&mut self) -> Option<T> {
        let number = self.greediest(None)?;
        self.remove(number)
    }

    /// Gives up the place with this number, and returns what had it.
    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        self.take_out(number).map(|(_, thing)| thing)
    }

    /// From here on it is the newest.
    pub(crate) fn renew(&mut self, number: u64) -> Option<&mut T> {
        let (party, thing) = self.take_out(number)?;
        let newest = self.add(party, thing);
        self.get_mut(newest)
    }

    /// From here on it is one of theirs: they spoke for it.
    pub(crate) fn vouch(&mut self, number: u64, by: Party) {
        let Some((party, _)) = self.taken.get_mut(&number) else { return };
        let before = std::mem::replace(party, by.clone());
        forget(&mut self.parties, &before, number);
        self.parties.entry(by).or_default().insert(number);
    }

    /// Takes those out that are meant.
    pub(crate) fn take(&mut self, is_meant: impl Fn(&T) -> bool) -> Vec<T> {
        let numbers: Vec<u64> = self.iter().filter(|(_, thing)| is_meant(thing)).map(|(number, _)| number).collect();
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Takes out the oldest that exactly this party has of those that are meant.
    pub(crate) fn take_oldest_of(&mut self, party: &Party, is_meant: impl Fn(&T) -> bool) -> Option<T> {
        let mut own = self.taken.iter().filter(|(_, (other, thing))| other.is(party) && is_meant(thing));
        let number = own.next().map(|(number, _)| *number)?;
        self.remove(number)
    }

    /// Keeps only the places whose thing `stays` accepts.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&T) -> bool) {
        let parties = &mut self.parties;
        self.taken.retain(|number, (party, thing)| {
            let stays = stays(thing);
            if !stays {
                forget(parties, party, *number);
            }
            stays
        });
    }

    /// How many exactly this party has.
    pub(crate) fn count_of(&self, party: &Party) -> usize {
        self.taken.values().filter(|(other, _)| other.is(party)).count()
    }

    /// How many places are taken.
    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    /// Oldest first, with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.taken.iter().map(|(number, (_, thing))| (*number, thing))
    }

    /// What has the place with this number.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        self.taken.get_mut(&number).map(|(_, thing)| thing)
    }

    fn put(&mut self, party: Party, thing: T, gives_way: Option<(u64, bool)>) -> (u64, Option<T>) {
        let gone = gives_way.and_then(|(number, _)| self.remove(number));
        (self.add(party, thing), gone)
    }

    fn add(&mut self, party: Party, thing: T) -> u64 {
        self.next += 1;
        self.parties.entry(party.clone()).or_default().insert(self.next);
        self.taken.insert(self.next, (party, thing));
        self.next
    }

    fn take_out(&mut self, number: u64) -> Option<(Party, T)> {
        let (party, thing) = self.taken.remove(&number)?;
        forget(&mut self.parties, &party, number);
        Some((party, thing))
    }

    /// The place that has to be given up for one more, and whether it is of the very one who wants it.
    fn who_gives_way(&self, party: &Party) -> Option<(u64, bool)> {
        if self.taken.len() < self.most {
            return None;
        }
        let number = self.greediest(Some(party)).or_else(|| self.taken.keys().next().copied())?;
        self.taken.get(&number).map(|(other, _)| (number, other.is(party)))
    }

    /// The oldest place of those who have most, with one more for who wants it: of the one who has most by the first
    /// way in which they are told apart, then by the second. Among those who have as many it is not who wants one. The
    /// owner's go last, unless they are more than their part.
    fn greediest(&self, wanted: Option<&Party>) -> Option<u64> {
        let oldest = |numbers: &BTreeSet<u64>| numbers.first().copied();
        let mut left: Vec<_> =
            self.parties.iter().map(|(party, numbers)| (party, numbers.len(), oldest(numbers))).collect();
        if let Some(wanted) = wanted {
            match left.iter_mut().find(|(party, ..)| *party == wanted) {
                Some((_, count, _)) => *count += 1,
                None => left.push((wanted, 1, None)),
            }
        }
        let owners: usize = left.iter().filter(|(party, ..)| party.is_owner).map(|(_, count, _)| count).sum();
        if owners <= self.most / OWNERS_PART && left.iter().any(|(party, ..)| !party.is_owner) {
            left.retain(|(party, ..)| !party.is_owner);
        }
        for way in WAYS {
            let mut counts = HashMap::new();
            left.iter().for_each(|(party, count, _)| *counts.entry(way(party)).or_insert(0_usize) += count);
            let most = counts.values().max().copied().unwrap_or_default();
            left.retain(|(party, ..)| counts.get(&way(party)) == Some(&most));
            if let Some(wanted) = wanted.filter(|wanted| left.iter().any(|(party, ..)| party == wanted))
                && left.iter().any(|(party, ..)| way(party) != way(wanted))
            {
                left.retain(|(party, ..)| way(party) != way(wanted));
            }
        }
        left.into_iter().filter_map(|(.., oldest)| oldest).min()
    }
}

fn forget(parties: &mut HashMap<Party, BTreeSet<u64>>, party: &Party, number: u64) {
    if let Some(numbers) = parties.get_mut(party) {
        numbers.remove(&number);
        if numbers.is_empty() {
            parties.remove(party);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Party {
        Party::at(text.parse().unwrap())
    }

    fn who(name: &str, address: &str) -> Party {
        at(address).named(Some(name)).showing(Some(name))
    }

    fn left(shares: &Shares<&'static str>, name: &str) -> usize {
        shares.iter().filter(|(_, thing)| **thing == name).count()
    }

    #[test]
    fn the_one_who_has_most_gives_way_and_who_has_least_stays() {
        let mut shares = Shares::new(10);
        shares.push(who("admin", "127.0.0.1"), "admin");
        for _ in 0..100 {
            shares.push(who("greedy", "127.0.0.1"), "greedy");
        }
        assert_eq!((left(&shares, "admin"), left(&shares, "greedy")), (1, 9));
        assert!(shares.join(who("greedy", "10.0.0.1"), "greedy").is_err(), "another address is no other token");
        assert!(shares.join(who("other", "127.0.0.1"), "other").unwrap().1 == Some("greedy"));
        assert_eq!(shares.len(), 10);
    }

    #[test]
    fn the_addresses_of_one_network_have_one_share() {
        let mut shares = Shares::new(8);
        shares.push(at("2001:db8:0:1::1"), "one");
        shares.push(at("2001:db8:0:1::2"), "two");
        for host in 3..30_u16 {
            shares.push(at(&format!("2001:db8::{host:x}")), "crowd");
        }
        assert_eq!((left(&shares, "one"), left(&shares, "two")), (1, 1));
        let mut shares = Shares::new(8);
        shares.push(at("10.0.0.1"), "elsewhere");
        shares.push(at("10.0.0.1"), "elsewhere");
        for host in 1..100 {
            shares.push(at(&format!("127.0.0.{host}")), "here");
        }
        assert_eq!(left(&shares, "elsewhere"), 2, "the addresses of this machine are one network");
    }

    #[test]
    fn beside_a_crowd_of_one_address_its_neighbours_keep_theirs() {
        let mut shares = Shares::new(8);
        shares.push(at("127.0.0.1"), "lone");
        for _ in 0..20 {
            shares.push(at("127.0.0.2"), "crowd");
        }
        assert_eq!(left(&shares, "lone"), 1);
        assert!(shares.join(at("127.0.0.2"), "crowd").is_err());
        assert!(shares.join(at("127.0.0.3"), "new").is_ok());
    }

    #[test]
    fn the_owner_has_room_among_many_and_no_more_than_their_part() {
        let mut shares = Shares::new(8);
        shares.push(Party::process(1), "owner");
        for host in 0..100 {
            shares.push(at(&format!("10.0.0.{host}")), "stranger");
        }
        assert_eq!(left(&shares, "owner"), 1);
        for process in 0..100 {
            shares.push(Party::process(process), "owner");
        }
        shares.push(at("10.0.0.1"), "stranger");
        assert_eq!(
            (left(&shares, "owner"), left(&shares, "stranger")),
            (2, 6),
            "who takes all is the one who makes room"
        );
    }

    /// Those of these names, each at one of four addresses, come one after the other.
    fn come(come: Vec<(u8, u8)>) -> Result<(), TestCaseError> {
        let mut shares = Shares::new(12);
        for (name, host) in come {
            let party = who(&name.to_string(), &format!("10.0.0.{host}"));
            let own = shares.taken.values().filter(|(other, _)| other.who == party.who).count();
            let mut counts: HashMap<_, usize> = HashMap::new();
            shares.taken.values().for_each(|(party, _)| *counts.entry(party.who.clone()).or_default() += 1);
            let most = counts.values().max().copied().unwrap_or_default();
            let joined = shares.join(party, ());
            prop_assert!(joined.is_ok() || own >= most);
            prop_assert!(shares.len() <= 12);
            let held: usize = shares.parties.values().map(BTreeSet::len).sum();
            prop_assert_eq!(held, shares.len());
        }
        Ok(())
    }

    #[test]
    fn among_those_who_have_as_many_it_is_not_who_wants_one() {
        let names = [0, 3, 2, 1, 3, 0, 2, 1, 3, 1, 2, 1, 2];
        come(names.map(|name| (name, 0)).to_vec()).unwrap();
    }

    proptest! {
        #[test]
        fn nobody_is_kept_out_who_has_less_than_others(those in prop::collection::vec((0..5_u8, 0..4_u8), 1..200)) {
            come(those)?;
        }
    }
}
