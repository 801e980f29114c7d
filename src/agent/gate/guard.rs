//! Limits the noise of wrong tokens and the guessing of short codes. A right token is never kept waiting, whatever
//! others show from the same address; a token has more possibilities than anybody can try, so only the log and the work
//! are protected here, and a code by its few tries.

use std::net::IpAddr;
use std::sync::Mutex;

use crate::agent::fair::party::network;
use crate::agent::fair::tally::Tally;
use crate::base::lock;

/// Tokens that were presented lately: wrong ones by who shows them and by how they begin, right ones by who and id.
/// Right ones are never kept waiting, nor are those that were right once: a token holds more chance than anybody can
/// try, so what is limited is the noise. Whatever a crowd shows, one more costs the same.
#[derive(Default)]
pub(crate) struct Guard {
    wrong: Mutex<Wrong>,
    right: Mutex<Tally<(Source, String)>>,
    /// How many wrong codes of machines each party tried that was let in.
    codes: Mutex<Tally<String>>,
}

#[derive(Default)]
struct Wrong {
    tokens: Tally<(Source, String)>,
    /// How many beginnings of tokens each tried.
    beginnings: Tally<Source>,
}

/// Where a token is shown from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Process(u32),
    Network(IpAddr),
}

impl Source {
    pub(crate) fn address(address: IpAddr) -> Source {
        Source::Network(network(address))
    }
}

/// What to do about one more wrong token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Say so.
    Wrong,
    /// The limit is reached with this one.
    LimitReached,
    /// Say for how many seconds there were too many.
    TooMany(u64),
}

/// How many wrong tokens of one source, or codes of one party, are answered one by one within a while.
const MOST: u32 = 20;

/// What of a token is looked at.
const BEGINNING: usize = 12;

impl Guard {
    /// Notes that this token is presented from here; says whether it is for the first time in a while.
    pub(crate) fn note_if_new(&self, from: Source, id: &str) -> bool {
        let (mut known, what) = (lock(&self.right), (from, id.to_owned()));
        known.count(&what) == 0 && known.add(what) == 1
    }

    pub(crate) fn failed(&self, from: Source, token: &str) -> Verdict {
        let mut wrong = lock(&self.wrong);
        let mut what = (from, token.chars().take(BEGINNING).collect());
        // Who tries another beginning each time is one who tries.
        if wrong.tokens.count(&what) == 0 && wrong.beginnings.add(from) > MOST {
            what.1 = String::new();
        }
        match wrong.tokens.add(what) {
            count if count < MOST => Verdict::Wrong,
            MOST => Verdict::LimitReached,
            _ => Verdict::TooMany(wrong.tokens.forgets_in()),
        }
    }

    /// For how many seconds a party has to wait that tried too many wrong codes, right or wrong as the next one may be.
    pub(crate) fn waits(&self, who: &str) -> Option<u64> {
        let mut codes = lock(&self.codes);
        (codes.count(who) >= MOST).then(|| codes.forgets_in())
    }

    pub(crate) fn tried_code(&self, who: &str) {
        lock(&self.codes).add(who.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_news_once_from_each_place() {
        let guard = Guard::default();
        assert!(guard.note_if_new(Source::Process(1), "a"));
        assert!(guard.note_if_new(Source::Process(2), "a"));
        assert!(guard.note_if_new(Source::Process(1), "b"));
        assert!(!guard.note_if_new(Source::Process(1), "a"));
    }

    #[test]
    fn the_noise_of_one_is_bounded_and_others_are_heard() {
        let guard = Guard::default();
        let verdicts: Vec<Verdict> = (0..30).map(|_| guard.failed(Source::Process(1), "loom_aaaaaaaaaaaa")).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Wrong).count(), 19);
        assert_eq!(verdicts[19], Verdict::LimitReached);
        assert!(matches!(verdicts[20], Verdict::TooMany(1..=60)));
        assert_eq!(guard.failed(Source::Process(2), "loom_aaaaaaaaaaaa"), Verdict::Wrong);
        let noted = (0..10_000)
            .filter(|n| !matches!(guard.failed(Source::Process(3), &format!("loom_{n:07}")), Verdict::TooMany(_)));
        assert!(noted.count() <= 2 * MOST as usize);
    }

    #[test]
    fn who_tries_wrong_codes_has_to_wait_and_others_have_not_however_many_try() {
        let guard = Guard::default();
        (0..MOST).for_each(|_| {
            assert_eq!(guard.waits("a"), None);
            guard.tried_code("a");
        });
        assert!(guard.waits("a").is_some());
        assert!(guard.waits("b").is_none());
        (0..3_000).for_each(|number| guard.tried_code(&number.to_string()));
        assert!(guard.waits("a").is_some());
        assert!(guard.waits("another").is_none());
    }

    #[test]
    fn the_addresses_of_one_network_are_one_place() {
        let from = |text: &str| Source::address(text.parse().unwrap());
        assert_eq!(from("2001:db8::1"), from("2001:db8::ffff:1"));
        assert_eq!(from("127.0.0.1"), from("127.0.0.2"));
        assert_ne!(from("10.0.0.1"), from("10.0.0.2"));
    }
}
