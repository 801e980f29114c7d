//! For whom something is counted of which there is only so much. A party is known by several names at once, from person
//! to network address, and by each it may have its share only: nobody gets more by showing another token or coming from
//! another address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Who wants a place, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Party {
    /// The user, or somebody who may do everything.
    pub(crate) is_owner: bool,
    /// The name of a person, or the id of the token from which all tokens of this party come.
    pub(crate) who: Option<Arc<str>>,
    /// The token that was shown.
    token: Option<Arc<str>>,
    address: Option<IpAddr>,
    process: Option<u32>,
}

/// How parties are told apart, one way after the other: who they are goes before where they are.
pub(crate) const WAYS: [fn(&Party) -> Option<Share<'_>>; 5] = [
    |party| party.who.as_deref().map(Share::Name),
    |party| party.token.as_deref().map(Share::Name),
    |party| party.address.map(|address| Share::Address(network(address))),
    |party| party.address.map(Share::Address),
    |party| party.process.map(Share::Process),
];

#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Share<'a> {
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

    /// This party, known also by the name of a person or by the token from which all its tokens come.
    pub fn named(self, who: Option<&str>) -> Party {
        Party { who: who.map(Into::into), ..self }
    }

    /// This party with the id of the token that it showed.
    pub fn showing(self, token: Option<&str>) -> Party {
        Party { token: token.map(Into::into), ..self }
    }

    /// This party, counted as the owner or not.
    pub fn owning(self, is_owner: bool) -> Party {
        Party { is_owner, ..self }
    }

    /// This party without its address, if it has a name: the same person or token counts once, wherever they are.
    pub fn person(self) -> Party {
        match self.who {
            Some(_) => Party { who: self.who, ..Party::default() },
            None => self,
        }
    }

    pub(crate) fn is(&self, other: &Party) -> bool {
        match self.who {
            Some(_) => self.who == other.who,
            None => WAYS.iter().all(|way| way(self) == way(other)),
        }
    }
}

/// Who has one IPv6 address has a whole network of them, and who has one of this machine's own has all of those.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
