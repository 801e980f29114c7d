//! Whether git goes to the relay for what is granted. A person's own rule for the same address wins over one in the
//! environment, and a push would then leave by another way: git itself is asked, with what the command will have.

use std::process::Command;

use loom_credentials::wire::{Fault, reason};

use super::git_settings::Led;
use crate::git_program::git_with;

/// The rules by which a push goes elsewhere than a fetch.
const OF_PUSHES: [&str; 4] = ["config", "--null", "--get-regexp", r"^url\..*\.pushinsteadof$"];

/// Fails for the first address that leads elsewhere.
pub(super) fn check(led: &[Led], adapt: impl Fn(&mut Command)) -> Result<(), Fault> {
    if led.is_empty() {
        return Ok(());
    }
    let rules = git_with(&OF_PUSHES, &adapt)?;
    let rules = Rules::parse(&String::from_utf8_lossy(&rules.stdout));
    for Led { repository, base, spellings } in led {
        let elsewhere = || reason::Command::NotLed { repository: repository.to_string() };
        for spelling in spellings {
            let said = git_with(&["ls-remote", "--get-url", spelling], &adapt)?;
            let fetched = String::from_utf8_lossy(&said.stdout);
            // One that is written with `.git` may be led there by the shorter one.
            let rest = fetched.trim().strip_prefix(base.as_str());
            if !matches!(rest, Some("" | ".git" | ".git/" | "/")) || !rules.lead(spelling, base) {
                return Err(elsewhere().into());
            }
        }
    }
    Ok(())
}

/// What is put before an address to push to, and of which beginning.
struct Rules(Vec<(String, String)>);

impl Rules {
    fn parse(said: &str) -> Rules {
        let rule = |entry: &str| {
            let (key, prefix) = entry.split_once('\n')?;
            let base = key.strip_prefix("url.")?.strip_suffix(".pushinsteadof")?;
            Some((base.to_owned(), prefix.to_owned()))
        };
        Rules(said.split('\0').filter_map(rule).collect())
    }

    /// Whether the longest beginning leads to this place, and no other one that is as long.
    fn lead(&self, address: &str, to: &str) -> bool {
        let fitting = || self.0.iter().filter(|(_, prefix)| address.starts_with(prefix.as_str()));
        let longest = fitting().map(|(_, prefix)| prefix.len()).max();
        longest.is_some() && fitting().filter(|(_, prefix)| Some(prefix.len()) == longest).all(|(base, _)| base == to)
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    #[test]
    fn a_push_is_led_by_the_longest_rule_and_by_no_tie() {
        let rules = Rules::parse(
            "url.git@h:.pushinsteadof\nhttps://h/\0url.http://127.0.0.1:7/h/a.pushinsteadof\nhttps://h/a\0",
        );
        assert!(rules.lead("https://h/a", "http://127.0.0.1:7/h/a"));
        assert!(!rules.lead("https://h/b", "http://127.0.0.1:7/h/b"));
        let tie = Rules::parse("url.git@h:a.pushinsteadof\nhttps://h/a\0url.X.pushinsteadof\nhttps://h/a\0");
        assert!(!tie.lead("https://h/a", "X"));
    }
}
