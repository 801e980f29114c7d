//! What a store promises, rule by rule, for any store. A rule knows the contract only: where stores may differ it asks
//! the store itself, and never which store it is.

use std::time::Instant;

use super::super::contract::{Found, Put, Store};
use super::super::sign::AGE;
use super::super::{Record, Revision, StoreError};
use super::{Bench, account, record, secrets};
use crate::base::{AccountKey, Credential, Secret, ServerUrl, TokenSource};

/// All of them, one after another. What comes last leaves damage behind.
pub(super) fn hold(bench: &dyn Bench) {
    for rule in [
        what_is_put_is_there_until_it_is_removed,
        a_value_is_replaced_and_removed_only_by_who_knows_it,
        who_loses_a_race_is_told_and_changes_nothing,
        what_another_changed_shows_in_the_sign,
        a_list_says_what_there_is_as_it_is_and_no_secret,
        whether_an_origin_is_named_is_said_without_a_secret,
        several_are_put_in_their_order_or_not_at_all,
        a_put_that_is_cut_short_leaves_one_whole_value,
        many_are_kept_found_replaced_and_removed,
        what_is_damaged_is_told_and_never_taken_for_nothing,
    ] {
        let mut store = bench.open();
        let there: Vec<AccountKey> = store.list().unwrap().into_iter().map(|listed| listed.account).collect();
        store.remove(&there).unwrap();
        rule(bench, store);
    }
}

fn put_if(store: &mut dyn Store, record: &Record, instead_of: Option<&Revision>) -> Result<(), StoreError> {
    store.put_if(&[Put { record, instead_of: instead_of.cloned() }])
}

fn found(store: &mut dyn Store, n: usize) -> Option<Found> {
    store.get(&[account(n)]).unwrap().pop()
}

fn revision(store: &mut dyn Store, n: usize) -> Revision {
    found(store, n).unwrap().revision
}

fn secret(store: &mut dyn Store, n: usize) -> Option<String> {
    secrets(store.get(&[account(n)]).unwrap()).remove(&account(n))
}

fn lost<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Raced))
}

fn whether_an_origin_is_named_is_said_without_a_secret(_: &dyn Bench, mut store: Box<dyn Store>) {
    let url = |text: &str| ServerUrl::parse(text).unwrap();
    let names =
        |store: &mut dyn Store, text: &str| store.names_any(&[url("https://other.example"), url(text)]).unwrap();
    let own = |server: &str, user: &str| {
        let credential = Credential::token(Secret::new("s".into()), TokenSource::Given);
        Record::new(AccountKey::new(url(server), Some(user.to_owned())), credential)
    };
    assert!(!names(&mut *store, "https://h1.example"));
    let tricky = "\"account\":{\"server\":\"https://h9.example\"";
    for record in [record(1, "one"), own("https://h2.example:444/team", "u"), own("https://h3.example", tricky)] {
        put_if(&mut *store, &record, None).unwrap();
    }
    for named in ["https://h1.example", "https://h2.example:444", "https://h3.example"] {
        assert!(names(&mut *store, named), "{named}");
    }
    for not in
        ["https://h1.exampl", "https://h2.example", "http://h1.example", "https://h9.example", "https://1.example"]
    {
        assert!(!names(&mut *store, not), "{not}");
    }
    store.remove(&[account(1)]).unwrap();
    assert!(!names(&mut *store, "https://h1.example"));
}

fn what_is_put_is_there_until_it_is_removed(bench: &dyn Bench, mut store: Box<dyn Store>) {
    let store = &mut *store;
    put_if(store, &record(1, "one"), None).unwrap();
    put_if(store, &record(2, "two"), None).unwrap();
    let noted = record(3, "three").noted(true);
    put_if(store, &noted, None).unwrap();
    assert_eq!(secret(store, 1).as_deref(), Some("one"));
    let kept = found(store, 3).and_then(|found| found.record).unwrap();
    assert_eq!((kept.created(), kept.saved(), kept.refused()), (noted.created(), noted.saved(), true));
    if store.stored_in().outlives_the_agent() {
        assert_eq!(secrets(bench.open().load().unwrap()).into_values().collect::<Vec<_>>(), ["one", "two", "three"]);
    }
    store.remove(&[account(1), account(4)]).unwrap();
    assert!(found(store, 1).is_none());
    assert_eq!(secrets(store.load().unwrap()).into_values().collect::<Vec<_>>(), ["two", "three"]);
    if store.stored_in().outlives_the_agent() {
        assert_eq!(secrets(bench.open().load().unwrap()).into_values().collect::<Vec<_>>(), ["two", "three"]);
    }
}

fn a_value_is_replaced_and_removed_only_by_who_knows_it(_: &dyn Bench, mut store: Box<dyn Store>) {
    let store = &mut *store;
    put_if(store, &record(1, "one"), None).unwrap();
    let first = revision(store, 1);
    assert_eq!(revision(store, 1), first, "who only looks changes nothing");
    assert!(lost(put_if(store, &record(1, "blind"), None)), "there is something");
    assert_eq!(secret(store, 1).as_deref(), Some("one"));
    put_if(store, &record(1, "two"), Some(&first)).unwrap();
    let second = revision(store, 1);
    assert_ne!(second, first);
    assert!(lost(put_if(store, &record(1, "late"), Some(&first))), "that value is gone");
    assert!(lost(store.remove_if(&[(account(1), first.clone())])), "that value is gone");
    assert_eq!(secret(store, 1).as_deref(), Some("two"));
    put_if(store, &record(1, "one"), Some(&second)).unwrap();
    let third = revision(store, 1);
    assert_ne!(third, first, "the same again is a value of its own");
    assert_ne!(third, second);
    store.remove_if(&[(account(1), third.clone())]).unwrap();
    assert!(found(store, 1).is_none());
    store.remove_if(&[(account(1), third.clone())]).unwrap();
    assert!(lost(put_if(store, &record(1, "revived"), Some(&third))), "there is nothing");
    assert!(found(store, 1).is_none());
    put_if(store, &record(1, "anew"), None).unwrap();
    assert_ne!(revision(store, 1), third);
}

fn who_loses_a_race_is_told_and_changes_nothing(bench: &dyn Bench, mut one: Box<dyn Store>) {
    if !one.stored_in().outlives_the_agent() {
        // Nobody else uses it.
        return;
    }
    let (one, other) = (&mut *one, &mut *bench.open());
    put_if(one, &record(1, "old"), None).unwrap();
    let (seen, theirs) = (revision(one, 1), revision(other, 1));
    assert_eq!(seen, theirs, "both mean the same value");
    put_if(other, &record(1, "won"), Some(&theirs)).unwrap();
    assert!(lost(put_if(one, &record(1, "lost"), Some(&seen))));
    assert!(lost(one.remove_if(&[(account(1), seen)])));
    assert_eq!(secret(one, 1).as_deref(), Some("won"));
    // Both want to be the first.
    put_if(one, &record(2, "won"), None).unwrap();
    assert!(lost(put_if(other, &record(2, "lost"), None)));
    assert_eq!(secret(other, 2).as_deref(), Some("won"));
    // What is gone meanwhile does not come back.
    let seen = revision(one, 2);
    other.remove(&[account(2)]).unwrap();
    assert!(lost(put_if(one, &record(2, "late"), Some(&seen))));
    assert!(found(other, 2).is_none());
}

fn what_another_changed_shows_in_the_sign(bench: &dyn Bench, mut one: Box<dyn Store>) {
    if !one.stored_in().outlives_the_agent() {
        return;
    }
    put_if(&mut *one, &record(1, "old"), None).unwrap();
    let (sign, mut other) = (one.sign(), bench.open());
    let before = sign.now();
    other.put(&[record(1, "new")]).unwrap();
    // A store that cannot tell says so after a while, whether something changed or not.
    let until = Instant::now() + AGE * 10;
    while sign.now() == before && Instant::now() < until {
        std::thread::yield_now();
    }
    assert_ne!(sign.now(), before);
}

fn a_list_says_what_there_is_as_it_is_and_no_secret(_: &dyn Bench, mut store: Box<dyn Store>) {
    let records = [record(1, "hidden one"), record(2, "hidden two").noted(true)];
    store.put(&records).unwrap();
    let mut listed = store.list().unwrap();
    listed.sort_by(|one, other| one.account.cmp(&other.account));
    assert_eq!(listed.len(), records.len());
    for (listed, record) in listed.iter().zip(&records) {
        let label = listed.label.as_ref().unwrap();
        assert_eq!(listed.account, *record.account());
        assert_eq!(listed.revision, store.get(std::slice::from_ref(&listed.account)).unwrap().remove(0).revision);
        assert_eq!((&label.account, label.refused), (record.account(), record.refused()));
        assert_eq!((label.created, label.saved), (record.created(), record.saved()));
        assert_eq!(label.kind, record.credential().kind());
        assert!(!serde_json::to_string(label).unwrap().contains("hidden"));
    }
}

fn several_are_put_in_their_order_or_not_at_all(_: &dyn Bench, mut store: Box<dyn Store>) {
    let records = [record(1, "one"), record(2, "two"), record(3, "three")];
    put_if(&mut *store, &record(2, "there"), None).unwrap();
    let puts: Vec<Put<'_>> = records.iter().map(|record| Put { record, instead_of: None }).collect();
    assert!(lost(store.put_if(&puts)));
    let first = if store.is_one_write() { None } else { Some("one") };
    assert_eq!(secret(&mut *store, 1).as_deref(), first);
    assert_eq!(secret(&mut *store, 2).as_deref(), Some("there"));
    assert!(found(&mut *store, 3).is_none());
    store.put(&records).unwrap();
    assert_eq!(secrets(store.load().unwrap()).into_values().collect::<Vec<_>>(), ["one", "two", "three"]);
    let all: Vec<AccountKey> = (0..5).map(account).collect();
    assert_eq!(store.get(&all).unwrap().len(), 3, "what is not there is left out");
}

fn a_put_that_is_cut_short_leaves_one_whole_value(bench: &dyn Bench, mut store: Box<dyn Store>) {
    if !store.stored_in().outlives_the_agent() {
        return;
    }
    store.put(&[record(1, "old"), record(2, "beside")]).unwrap();
    bench.cut_short(&record(1, "cut short"));
    for mut store in [store, bench.open()] {
        let now = secret(&mut *store, 1).unwrap();
        assert!(["old", "cut short", "again"].contains(&&*now), "{now}");
        assert_eq!(secret(&mut *store, 2).as_deref(), Some("beside"));
        let seen = revision(&mut *store, 1);
        put_if(&mut *store, &record(1, "again"), Some(&seen)).unwrap();
        assert_eq!(secrets(store.load().unwrap()).into_values().collect::<Vec<_>>(), ["again", "beside"]);
    }
    assert_eq!(bench.open().list().unwrap().len(), 2);
}

fn many_are_kept_found_replaced_and_removed(bench: &dyn Bench, mut store: Box<dyn Store>) {
    let many = bench.many();
    let records: Vec<Record> = (0..many).map(|n| record(n, &format!("secret {n}"))).collect();
    store.put(&records).unwrap();
    assert_eq!(store.list().unwrap().len(), many);
    let seen = revision(&mut *store, 7);
    put_if(&mut *store, &record(7, "new"), Some(&seen)).unwrap();
    let mut store = if store.stored_in().outlives_the_agent() { bench.open() } else { store };
    let all = secrets(store.load().unwrap());
    assert_eq!(all.len(), many);
    assert!((0..many).all(|n| all[&account(n)] == if n == 7 { "new".to_owned() } else { format!("secret {n}") }));
    let even: Vec<AccountKey> = (0..many).step_by(2).map(account).collect();
    store.remove(&even).unwrap();
    assert_eq!(store.list().unwrap().len(), many / 2);
    assert!(found(&mut *store, 8).is_none());
    assert_eq!(secret(&mut *store, 9).as_deref(), Some("secret 9"));
}

fn what_is_damaged_is_told_and_never_taken_for_nothing(bench: &dyn Bench, mut store: Box<dyn Store>) {
    if !store.stored_in().outlives_the_agent() {
        return;
    }
    store.put(&[record(1, "one"), record(2, "two")]).unwrap();
    bench.damage(&account(1));
    for mut store in [store, bench.open()] {
        let got = store.get(&[account(1)]);
        assert!(got.is_err() || got.is_ok_and(|found| found.len() == 1 && found[0].record.is_none()));
        let is_told = |found: &Found| found.account == account(1) && found.record.is_none();
        assert!(store.load().map_or(true, |found| found.iter().any(is_told)));
        let is_listed = store
            .list()
            .map_or(true, |all| all.iter().any(|listed| listed.account == account(1) && listed.label.is_none()));
        assert!(is_listed);
        assert!(put_if(&mut *store, &record(1, "blind"), None).is_err(), "it is not free");
    }
}
