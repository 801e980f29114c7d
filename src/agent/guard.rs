use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::state::lock;

/// Tokens that were presented lately: wrong ones by the process that shows them and by how they begin, right ones by process
/// and id. Right ones are never kept waiting: a token holds more chance than anybody can try, so what is limited is the noise.
#[derive(Default)]
pub(super) struct Guard {
    wrong: Mutex<BTreeMap<(u32, String), Lately>>,
    right: Mutex<BTreeMap<(u32, String), Lately>>,
}

struct Lately {
    since: Instant,
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
    /// Whether this process presents this token for the first time in a while.
    pub(super) fn is_news(&self, pid: u32, id: &str) -> bool {
        let mut known = lock(&self.right);
        if known.get(&(pid, id.to_owned())).is_some_and(|lately| lately.since.elapsed() < WINDOW) {
            return false;
        }
        known.retain(|_, lately| lately.since.elapsed() < WINDOW);
        if known.len() < MAX_KNOWN {
            known.insert((pid, id.to_owned()), Lately { since: Instant::now(), count: 1 });
        }
        true
    }

    pub(super) fn failed(&self, pid: u32, token: &str) -> Verdict {
        let beginning: String = token.chars().take(BEGINNING).collect();
        let mut known = lock(&self.wrong);
        known.retain(|_, lately| lately.since.elapsed() < WINDOW);
        // A process that tries another beginning each time is one that tries.
        let of_process = known.range((pid, String::new())..).take_while(|((other, _), _)| *other == pid).count();
        let beginning = if known.len() >= MAX_KNOWN || of_process >= MOST as usize { String::new() } else { beginning };
        let failures = known.entry((pid, beginning)).or_insert(Lately { since: Instant::now(), count: 0 });
        failures.count = failures.count.saturating_add(1);
        match failures.count {
            count if count < MOST => Verdict::Wrong,
            MOST => Verdict::LimitReached,
            _ => Verdict::TooMany(WINDOW.saturating_sub(failures.since.elapsed()).as_secs().max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_news_once_for_each_process() {
        let guard = Guard::default();
        assert!(guard.is_news(1, "a") && guard.is_news(2, "a") && guard.is_news(1, "b"));
        assert!(!guard.is_news(1, "a"));
    }

    #[test]
    fn the_noise_of_one_is_bounded_in_count_and_memory_and_others_are_heard() {
        let guard = Guard::default();
        let verdicts: Vec<Verdict> = (0..30).map(|_| guard.failed(1, "loom_aaaaaaaaaaaa")).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Wrong).count(), 19);
        assert_eq!(verdicts[19], Verdict::LimitReached);
        assert!(matches!(verdicts[20], Verdict::TooMany(_)));
        assert_eq!(guard.failed(2, "loom_aaaaaaaaaaaa"), Verdict::Wrong);
        let noted = (0..10_000).filter(|n| !matches!(guard.failed(3, &format!("loom_{n:07}")), Verdict::TooMany(_)));
        assert!(noted.count() <= 2 * MOST as usize);
        assert!(lock(&guard.wrong).len() <= MAX_KNOWN + 1);
    }
}
