//! Places of which there are only so many, shared among those who want them.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Who wants a place, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Party {
    /// The user, or somebody who may do everything.
    is_owner: bool,
    /// A person, or the token that all of theirs came of.
    who: Option<Arc<str>>,
    /// The token that was shown.
    token: Option<Arc<str>>,
    address: Option<IpAddr>,
    process: Option<u32>,
}

/// Things that take up one of so many places each. When there is none left, the one who has most gives way: so whoever takes
/// all they can get keeps nobody else out.
#[derive(Debug)]
pub struct Shares<T> {
    most: usize,
    next: u64,
    /// Oldest first.
    taken: BTreeMap<u64, (Party, T)>,
}

/// Of the places, this part is the owner's while nobody of them has more.
const OWNERS_PART: usize = 4;

/// How parties are told apart, one way after the other: who they are goes before where they are.
const WAYS: [fn(&Party) -> Option<Share<'_>>; 5] = [
    |party| party.who.as_deref().map(Share::Name),
    |party| party.token.as_deref().map(Share::Name),
    |party| party.address.map(|address| Share::Address(network(address))),
    |party| party.address.map(Share::Address),
    |party| party.process.map(Share::Process),
];

#[derive(PartialEq, Eq, Hash)]
enum Share<'a> {
    Name(&'a str),
    Address(IpAddr),
    Process(u32),
}

impl Party {
    /// A process of the user.
    pub fn process(process: u32) -> Party {
        Party { is_owner: true, process: Some(process), ..Party::default() }
    }

    /// Somebody of whom nothing else is known.
    pub fn at(address: IpAddr) -> Party {
        Party { address: Some(address.to_canonical()), ..Party::default() }
    }

    /// Everybody who shows this token.
    pub fn token(token: &str) -> Party {
        Party { token: Some(token.into()), ..Party::default() }
    }

    /// The same, known by name.
    pub fn named(self, who: Option<&str>) -> Party {
        Party { who: who.map(Into::into), ..self }
    }

    pub fn showing(self, token: Option<&str>) -> Party {
        Party { token: token.map(Into::into), ..self }
    }

    pub fn owning(self, is_owner: bool) -> Party {
        Party { is_owner, ..self }
    }

    /// The one who is meant, wherever they are: all that is known of who has no name.
    pub fn person(self) -> Party {
        match self.who {
            Some(_) => Party { who: self.who, ..Party::default() },
            None => self,
        }
    }

    fn is(&self, other: &Party) -> bool {
        match self.who {
            Some(_) => self.who == other.who,
            None => WAYS.iter().all(|way| way(self) == way(other)),
        }
    }
}

impl<T> Shares<T> {
    pub fn new(most: usize) -> Shares<T> {
        Shares { most: most.max(1), next: 0, taken: BTreeMap::new() }
    }

    /// Takes a place; says its number, and what somebody else had who gives way. What would be the place of whoever has most
    /// already is handed back.
    pub fn join(&mut self, party: Party, thing: T) -> Result<(u64, Option<T>), T> {
        match self.who_gives_way(&party) {
            Some((_, true)) => Err(thing),
            gives_way => Ok(self.put(party, thing, gives_way)),
        }
    }

    /// The same, but whoever has most already gives up the oldest of their own.
    pub fn push(&mut self, party: Party, thing: T) -> (u64, Option<T>) {
        let gives_way = self.who_gives_way(&party);
        self.put(party, thing, gives_way)
    }

    /// The oldest of the one who has most, who gives it up.
    pub fn send_one_away(&mut self) -> Option<T> {
        let number = self.greediest(None)?;
        self.remove(number)
    }

    pub fn remove(&mut self, number: u64) -> Option<T> {
        self.taken.remove(&number).map(|(_, thing)| thing)
    }

    /// From here on it is the newest.
    pub fn renew(&mut self, number: u64) -> Option<&mut T> {
        let (party, thing) = self.taken.remove(&number)?;
        self.next += 1;
        Some(&mut self.taken.entry(self.next).or_insert((party, thing)).1)
    }

    /// From here on it is one of the owner's: they spoke for it.
    pub fn vouch(&mut self, number: u64) {
        if let Some((party, _)) = self.taken.get_mut(&number) {
            party.is_owner = true;
        }
    }

    /// Takes those out that are meant.
    pub fn take(&mut self, is_meant: impl Fn(&T) -> bool) -> Vec<T> {
        let numbers: Vec<u64> = self.iter().filter(|(_, thing)| is_meant(thing)).map(|(number, _)| number).collect();
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Takes out the oldest that exactly this party has of those that are meant.
    pub fn take_oldest_of(&mut self, party: &Party, is_meant: impl Fn(&T) -> bool) -> Option<T> {
        let mut own = self.taken.iter().filter(|(_, (other, thing))| other.is(party) && is_meant(thing));
        let number = own.next().map(|(number, _)| *number)?;
        self.remove(number)
    }

    pub fn retain(&mut self, mut stays: impl FnMut(&T) -> bool) {
        self.taken.retain(|_, (_, thing)| stays(thing));
    }

    /// How many exactly this party has.
    pub fn count_of(&self, party: &Party) -> usize {
        self.taken.values().filter(|(other, _)| other.is(party)).count()
    }

    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Oldest first, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.taken.iter().map(|(number, (_, thing))| (*number, thing))
    }

    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        self.taken.get_mut(&number).map(|(_, thing)| thing)
    }

    fn put(&mut self, party: Party, thing: T, gives_way: Option<(u64, bool)>) -> (u64, Option<T>) {
        let gone = gives_way.and_then(|(number, _)| self.remove(number));
        self.next += 1;
        self.taken.insert(self.next, (party, thing));
        (self.next, gone)
    }

    /// The place that has to be given up for one more, and whether it is of the very one who wants it.
    fn who_gives_way(&self, party: &Party) -> Option<(u64, bool)> {
        if self.taken.len() < self.most {
            return None;
        }
        let number = self.greediest(Some(party)).or_else(|| self.taken.keys().next().copied())?;
        self.taken.get(&number).map(|(other, _)| (number, other.is(party)))
    }

    /// The oldest place of those who have most, with one more for who wants it: of the one who has most by the first way in
    /// which they are told apart, then by the second. Among those who have as many it is not who wants one. The owner's go
    /// last, unless they are more than their part.
    fn greediest(&self, wanted: Option<&Party>) -> Option<u64> {
        let taken = self.taken.iter().map(|(number, (party, _))| (Some(*number), party));
        let mut left: Vec<_> = taken.chain(wanted.map(|party| (None, party))).collect();
        let owners = left.iter().filter(|(_, party)| party.is_owner).count();
        if owners <= self.most / OWNERS_PART && owners < left.len() {
            left.retain(|(_, party)| !party.is_owner);
        }
        for way in WAYS {
            let mut counts = HashMap::new();
            left.iter().for_each(|(_, party)| *counts.entry(way(party)).or_insert(0_usize) += 1);
            let most = counts.values().max().copied().unwrap_or_default();
            left.retain(|(_, party)| counts.get(&way(party)) == Some(&most));
            if let Some((None, wanted)) = left.last().copied()
                && left.iter().any(|(_, party)| way(party) != way(wanted))
            {
                left.retain(|(_, party)| way(party) != way(wanted));
            }
        }
        left.into_iter().find_map(|(number, _)| number)
    }
}

/// Who has one IPv6 address has a whole network of them, and who has one of this machine's own has all of those.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
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
        assert!(shares.join(at("127.0.0.2"), "crowd").is_err() && shares.join(at("127.0.0.3"), "new").is_ok());
    }

    #[test]
    fn the_owner_has_room_among_many_who_have_one_each_and_no_more_than_their_part() {
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

    proptest! {
        #[test]
        fn nobody_is_kept_out_who_has_less_than_others(come in prop::collection::vec((0..5_u8, 0..4_u8), 1..200)) {
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
            }
        }
    }

    #[test]
    fn a_network_is_half_of_an_ipv6_address_or_this_machine() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert!(["127.0.0.2", "::1", "::ffff:127.0.0.9"].iter().all(|here| of(here) == of("127.0.0.1")));
    }
}
