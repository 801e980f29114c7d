//! The rooms of the agent, held by reading the source: which room may use which, who puts them together, and that no
//! file needs another one that needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::{self, Module};

/// Rooms of `src/agent`, by what they may use: a room uses those on a lower step.
const STEPS: &[(&str, u8)] = &[
    ("fair", 0),
    ("life", 1),
    ("accounts", 2),
    ("upstream", 3),
    ("gate", 4),
    ("doors", 5),
    ("call", 6),
    ("login", 7),
    ("api", 7),
    ("proxy", 8),
    ("verbs", 8),
];

/// The largest ring of files that need one another: two halves of one thing.
const RING: usize = 2;

#[test]
fn a_room_of_the_agent_uses_only_rooms_below_it() {
    let step = |room: &str| STEPS.iter().find(|(name, _)| *name == room).map(|(_, step)| *step);
    for (name, module) in source::modules() {
        let Some(own) = name.strip_prefix("agent::").and_then(|rest| rest.split("::").next()) else { continue };
        let Some(own_step) = step(own) else {
            assert!(module.path.parent().unwrap().ends_with("src/agent"), "{name} is in no room");
            continue;
        };
        for used in module.uses.iter().filter_map(|used| used.strip_prefix("agent::")) {
            let room = used.split("::").next().unwrap();
            let below = room == own || step(room).is_none_or(|used| used < own_step);
            assert!(below, "{name} uses {used}");
        }
    }
}

/// How many other rooms, or parts of one, a room is given at most. One that needs more is two rooms, or is given what
/// only one of its callers needs.
const HANDLES: usize = 4;

#[test]
fn a_room_of_the_agent_is_given_few_others() {
    const GIVEN: &[&str] = &[
        "Accounts", "Auditing", "Disk", "Doors", "Flights", "Gate", "Ledger", "Locking", "Network", "Settings",
        "Stopping", "Upstream",
    ];
    let mut most = 0;
    for (name, module) in source::modules().iter().filter(|(name, _)| name.starts_with("agent::")) {
        let text = std::fs::read_to_string(&module.path).unwrap();
        for fields in text.split("struct ").skip(1).map(|made| made.split("\n}").next().unwrap()) {
            let given = GIVEN.iter().filter(|room| fields.contains(&format!(": Arc<{room}>,"))).count();
            assert!(given <= HANDLES, "{name} is given {given} rooms");
            most = most.max(given);
        }
    }
    assert_eq!(most, HANDLES, "they are written otherwise by now");
}

#[test]
fn one_file_puts_the_agent_together() {
    let all = source::modules();
    let has_impl = |module: &&Module| std::fs::read_to_string(&module.path).unwrap().contains("impl Agent {");
    let places: Vec<&Path> = all.values().filter(has_impl).map(|module| &*module.path).collect();
    assert_eq!(places.len(), 1, "{places:?}");
    assert!(places[0].ends_with("src/agent/mod.rs"));
}

#[test]
fn no_verb_uses_another_verbs_file() {
    for (name, module) in source::modules().iter().filter(|(name, _)| name.starts_with("agent::verbs::")) {
        let other = module.uses.iter().find(|used| used.starts_with("agent::verbs::") && *used != name);
        assert_eq!(other, None, "{name}");
    }
}

#[test]
fn no_more_than_two_files_need_one_another() {
    let all = source::modules();
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, module) in &all {
        // The head of a folder puts together what lies in it.
        let is_own = |used: &&String| module.is_head && used.starts_with(&format!("{name}::"));
        let uses = module.uses.iter().filter(|used| *used != name && !is_own(used));
        graph.insert(name, uses.map(String::as_str).collect());
    }
    for name in graph.keys() {
        let reached = reach(&graph, name);
        let ring: Vec<&&str> = reached.iter().filter(|other| reach(&graph, other).contains(name)).collect();
        assert!(ring.len() <= RING, "{ring:?}");
    }
}

/// What is needed from there, also by what is needed.
fn reach<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(next) = left.pop() {
        left.extend(graph.get(next).into_iter().flatten().filter(|used| reached.insert(**used)));
    }
    reached
}
