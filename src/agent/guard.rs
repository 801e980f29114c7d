use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::Duration;

use super::state::lock;
use crate::base::Moment;

/// Tokens that were presented lately: wrong ones by who shows them and by how they begin, right ones by who and id. Right ones are never kept waiting: a token holds more chance than anybody can try, so what is limited is the noise.
#[derive(Default)]
pub(super) struct Guard {
    wrong: Mutex<BTreeMap<(Source, String), Lately>>,
    right: Mutex<BTreeMap<(Source, String), Lately>>,
    /// Wrong codes of machines, by who was let in and tried them.
    codes: Mutex<BTreeMap<String, Lately>>,
}

/// Where a token is shown from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Process(u32),
    Address(IpAddr),
}

impl Source {
    /// Who has one IPv6 address has a whole network of them.
    pub(super) fn address(address: IpAddr) -> Source {
        Source::Address(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
            address => address,
        })
    }
}

struct Lately {
    since: Moment,
    count: u32,
}

/// What to do about one more wrong token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Say so, and note it.
    Wrong,
    /// The limit is reached with this one: say so, and note that what follows is not noted.
    LimitReached,
    /// Say for how many seconds there were too many.
    TooMany(u64),
}

/// So many are noted one by one in each window.
const MOST: u32 = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// Other beginnings than these are counted together.
const MAX_KNOWN: usize = 256;

/// What of a token is looked at.
const BEGINNING: usize = 12;

impl Guard {
    /// Whether this token is presented from here for the first time in a while.
    pub(super) fn is_news(&self, from: Source, id: &str) -> bool {
        let mut known = lock(&self.right);
        if known.get(&(from, id.to_owned())).is_some_and(|lately| lately.since.elapsed() < WINDOW) {
            return false;
        }
        known.retain(|_, lately| lately.since.elapsed() < WINDOW);
        if known.len() < MAX_KNOWN {
            known.insert((from, id.to_owned()), Lately { since: Moment::now(), count: 1 });
        }
        true
    }

    pub(super) fn failed(&self, from: Source, token: &str) -> Verdict {
        let beginning: String = token.chars().take(BEGINNING).collect();
        let mut known = lock(&self.wrong);
        known.retain(|_, lately| lately.since.elapsed() < WINDOW);
        // Who tries another beginning each time is one who tries.
        let own = known.range((from, String::new())..).take_while(|((other, _), _)| *other == from).count();
        let beginning = if known.len() >= MAX_KNOWN || own >= MOST as usize { String::new() } else { beginning };
        let failures = known.entry((from, beginning)).or_insert(Lately { since: Moment::now(), count: 0 });
        failures.count = failures.count.saturating_add(1);
        match failures.count {
            count if count < MOST => Verdict::Wrong,
            MOST => Verdict::LimitReached,
            _ => Verdict::TooMany(WINDOW.saturating_sub(failures.since.elapsed()).as_secs().max(1)),
        }
    }

    /// For how many seconds who tried so many wrong codes has to wait, whatever they try now.
    pub(super) fn waits(&self, who: &str) -> Option<u64> {
        let mut known = lock(&self.codes);
        known.retain(|_, lately| lately.since.elapsed() < WINDOW);
        let tried = known.get(key(&known, who)).filter(|lately| lately.count >= MOST)?;
        Some(WINDOW.saturating_sub(tried.since.elapsed()).as_secs().max(1))
    }

    pub(super) fn tried_code(&self, who: &str) {
        let mut known = lock(&self.codes);
        let key = key(&known, who).to_owned();
        known.entry(key).or_insert(Lately { since: Moment::now(), count: 0 }).count += 1;
    }
}

/// Beyond so many, others are counted together.
fn key<'a>(known: &BTreeMap<String, Lately>, who: &'a str) -> &'a str {
    if known.len() < MAX_KNOWN || known.contains_key(who) { who } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_news_once_from_each_place() {
        let guard = Guard::default();
        assert!(
            guard.is_news(Source::Process(1), "a")
                && guard.is_news(Source::Process(2), "a")
                && guard.is_news(Source::Process(1), "b")
        );
        assert!(!guard.is_news(Source::Process(1), "a"));
    }

    #[test]
    fn the_noise_of_one_is_bounded_in_count_and_memory_and_others_are_heard() {
        let guard = Guard::default();
        let verdicts: Vec<Verdict> = (0..30).map(|_| guard.failed(Source::Process(1), "loom_aaaaaaaaaaaa")).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Wrong).count(), 19);
        assert_eq!(verdicts[19], Verdict::LimitReached);
        assert!(matches!(verdicts[20], Verdict::TooMany(_)));
        assert_eq!(guard.failed(Source::Process(2), "loom_aaaaaaaaaaaa"), Verdict::Wrong);
        let noted = (0..10_000)
            .filter(|n| !matches!(guard.failed(Source::Process(3), &format!("loom_{n:07}")), Verdict::TooMany(_)));
        assert!(noted.count() <= 2 * MOST as usize);
        assert!(lock(&guard.wrong).len() <= MAX_KNOWN + 1);
    }

    #[test]
    fn who_tries_wrong_codes_has_to_wait_and_others_have_not() {
        let guard = Guard::default();
        (0..MOST).for_each(|_| {
            assert_eq!(guard.waits("a"), None);
            guard.tried_code("a");
        });
        assert!(guard.waits("a").is_some() && guard.waits("b").is_none());
        (0..10_000).for_each(|number| guard.tried_code(&number.to_string()));
        assert!(lock(&guard.codes).len() <= MAX_KNOWN + 1 && guard.waits("another").is_some());
    }

    #[test]
    fn the_addresses_of_one_network_are_one_place() {
        let from = |text: &str| Source::address(text.parse().unwrap());
        assert_eq!(from("2001:db8::1"), from("2001:db8::ffff:1"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:10.0.0.1"), from("10.0.0.1"));
        assert_ne!(from("10.0.0.1"), from("10.0.0.2"));
    }
}
