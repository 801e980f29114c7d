//! Random lives of a store beside a model of it, with restarts and power cuts: whatever the order, everybody who shares
//! a store sees what any of them did.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek, SeekFrom, Write};

use proptest::prelude::*;

use super::super::contract::Store;
use super::super::file::FileStore;
use super::super::memory::MemoryStore;
use super::super::{Record, StoreKey};
use super::{account, record, secrets};
use crate::base::{AccountKey, Paths, private_file};

#[derive(Clone, Debug)]
enum Step {
    Put(usize, BTreeSet<usize>),
    Remove(usize, usize),
    Find(usize, usize),
    /// An agent ends, and another begins.
    Restart(usize),
    /// A power cut leaves something unfinished.
    Tear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..2_usize;
    let accounts = prop::collection::btree_set(0..6_usize, 1..4);
    let step = prop_oneof![
        4 => (who(), accounts).prop_map(|(who, accounts)| Step::Put(who, accounts)),
        1 => (who(), 0..6_usize).prop_map(|(who, account)| Step::Remove(who, account)),
        2 => (who(), 0..6_usize).prop_map(|(who, account)| Step::Find(who, account)),
        1 => who().prop_map(Step::Restart),
        1 => Just(Step::Tear),
    ];
    prop::collection::vec(step, 1..30)
}

/// Lives through the steps with those who have this store, and asserts that each sees what any of them did.
fn live(
    steps: Vec<Step>,
    mut stores: Vec<Box<dyn Store>>,
    restart: impl Fn() -> Option<Box<dyn Store>>,
    tear: impl Fn(),
) -> Result<(), TestCaseError> {
    let mut model = BTreeMap::new();
    let most = stores.len() - 1;
    for (nth, step) in steps.into_iter().enumerate() {
        match step {
            Step::Put(who, accounts) => {
                let records: Vec<Record> = accounts.iter().map(|n| record(*n, &format!("{n} {nth}"))).collect();
                stores[who.min(most)].put(&records).unwrap();
                let secret = |record: &Record| record.credential().secret().expose().to_owned();
                model.extend(records.iter().map(|record| (record.account().clone(), secret(record))));
            }
            Step::Remove(who, n) => {
                stores[who.min(most)].remove(&[account(n)]).unwrap();
                model.remove(&account(n));
            }
            Step::Find(who, n) => {
                let found = secrets(stores[who.min(most)].get(&[account(n)]).unwrap());
                prop_assert_eq!(found.get(&account(n)), model.get(&account(n)));
            }
            Step::Restart(who) => {
                if let Some(another) = restart() {
                    stores[who.min(most)] = another;
                }
            }
            Step::Tear => tear(),
        }
    }
    for store in &mut stores {
        prop_assert_eq!(&secrets(store.load().unwrap()), &model);
        let all: Vec<AccountKey> = (0..6).map(account).collect();
        prop_assert_eq!(&secrets(store.get(&all).unwrap()), &model);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn two_who_share_a_sealed_file_see_what_either_did(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        let open = || Box::new(FileStore::new(&paths, &StoreKey::new(&paths))) as Box<dyn Store>;
        let _lock = FileStore::new(&paths, &StoreKey::new(&paths)).lock().unwrap();
        live(steps, vec![open(), open()], || Some(open()), || {
            if let Ok(mut file) = private_file::open_to_change(&paths.credentials_file()) {
                file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(b"{\"body\":{\"rec")).unwrap();
            }
        })?;
    }

    #[test]
    fn memory_keeps_what_was_put_until_it_is_removed(steps in steps()) {
        live(steps, vec![Box::new(MemoryStore::default())], || None, || {})?;
    }
}
