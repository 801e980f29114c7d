//! A passphrase that is set, changed or dropped while the agent crashes or the disk fails: in whatever order old and
//! new one are tried afterwards, one of them opens everything, and the next change works.

use crate::faults::bench::{Scenario, stop};
use crate::faults::crash::crash_at_every;
use crate::faults::io::fail_at_every;
use crate::faults::scenarios::others_are_whole;
use crate::support::{Home, Output};

const OLD: &str = "old passphrase";
const NEW: &str = "new passphrase";

/// The first one is set: until then the key lies open.
const SET: Scenario = Scenario {
    name: "setting a passphrase",
    prepare: |home, _| keep(home),
    warm: others_are_whole,
    operate: |home, _| set(home, NEW),
    check: |home, _, seen| one_opens_everything(home, None, Some(NEW), seen.acknowledged),
};

const CHANGE: Scenario = Scenario {
    name: "changing a passphrase",
    prepare: |home, _| {
        keep(home);
        set(home, OLD).ok();
    },
    warm: |home| {
        unlock(home, OLD).ok();
        others_are_whole(home);
    },
    operate: |home, _| set(home, NEW),
    check: |home, _, seen| one_opens_everything(home, Some(OLD), Some(NEW), seen.acknowledged),
};

const DROP: Scenario = Scenario {
    name: "dropping a passphrase",
    operate: |home, _| home.loom(&["store", "rekey", "--no-passphrase"]),
    check: |home, _, seen| one_opens_everything(home, Some(OLD), None, seen.acknowledged),
    ..CHANGE
};

/// Before anything is kept: the key that waits for the first record.
const BEFOREHAND: Scenario = Scenario {
    name: "setting a passphrase before anything is kept",
    prepare: |_, _| {},
    warm: |home| assert_eq!(home.get("https", "one.example").ok().out, ""),
    check: |home, _, seen| {
        let opened = open(home, &[NEW]);
        assert!(opened.is_some() || !seen.acknowledged, "{seen:?}");
        keep(home);
        others_are_whole(home);
    },
    ..SET
};

fn keep(home: &Home) {
    for (host, password) in [("one.example", "pw_one"), ("two.example", "pw_two")] {
        home.store("https", host, "u", password).ok();
    }
}

fn set(home: &Home, passphrase: &str) -> Output {
    home.loom_in(&["store", "rekey", "--passphrase"], passphrase)
}

fn unlock(home: &Home, passphrase: &str) -> Output {
    home.loom_in(&["unlock"], passphrase)
}

fn is_locked(home: &Home) -> bool {
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap();
    status["agent"]["locked"].as_bool().unwrap()
}

/// Tries these one after the other, and says which of them opened; nothing if none was needed.
fn open<'p>(home: &Home, tried: &[&'p str]) -> Option<&'p str> {
    if !is_locked(home) {
        return None;
    }
    let opens = |passphrase: &&&str| unlock(home, passphrase).code == 0;
    Some(tried.iter().find(opens).copied().unwrap_or_else(|| panic!("none of {tried:?} opens it")))
}

fn one_opens_everything(home: &Home, old: Option<&str>, new: Option<&str>, acknowledged: bool) {
    for newest_first in [true, false] {
        // Another agent, with what is on the disk right after the fault.
        let copy = home.copy();
        let agent = copy.agent(&[]);
        let mut tried: Vec<&str> = [old, new].into_iter().flatten().collect();
        if newest_first {
            tried.reverse();
        }
        let opened = open(&copy, &tried);
        assert!(!acknowledged || opened == new, "{opened:?} and not the new one opens it");
        others_are_whole(&copy);
        // Once more, with what the first unlocking left.
        copy.loom(&["lock"]).ok();
        for passphrase in &tried {
            unlock(&copy, passphrase);
        }
        others_are_whole(&copy);
        copy.store("https", "more.example", "u", "pw_more").ok();
        set(&copy, "a third").ok();
        stop(&copy, agent);
        let _agent = copy.agent(&[]);
        unlock(&copy, "a third").ok();
        others_are_whole(&copy);
        assert!(copy.get("https", "more.example").ok().out.contains("pw_more"));
        copy.loom(&["doctor"]).ok();
    }
    open(home, &[old, new].into_iter().flatten().collect::<Vec<_>>());
    others_are_whole(home);
}

#[test]
fn a_crash_while_a_passphrase_is_set_leaves_a_file_that_opens() {
    crash_at_every(12, SET);
}

#[test]
fn a_crash_while_a_passphrase_changes_leaves_one_that_opens_the_file() {
    crash_at_every(12, CHANGE);
}

#[test]
fn a_crash_while_a_passphrase_is_dropped_leaves_a_file_that_opens() {
    crash_at_every(12, DROP);
}

#[test]
fn a_crash_while_a_passphrase_is_set_beforehand_leaves_nothing_in_the_way() {
    crash_at_every(12, BEFOREHAND);
}

#[test]
fn a_failing_disk_while_a_passphrase_is_set_leaves_a_file_that_opens() {
    fail_at_every(12, SET);
}

#[test]
fn a_failing_disk_while_a_passphrase_changes_leaves_one_that_opens_it() {
    fail_at_every(12, CHANGE);
}

#[test]
fn a_failing_disk_while_a_passphrase_is_dropped_leaves_one_that_opens() {
    fail_at_every(12, DROP);
}
