//! The stores on the bench, each with its own way to spoil a record and to cut a write short. A store that is added has
//! its bench here, and then has to keep all rules.

use std::io::{Seek, SeekFrom, Write};

use super::super::contract::Store;
use super::super::file::FileStore;
use super::super::keyring::Keyring;
use super::super::memory::MemoryStore;
use super::super::platform::Trial;
use super::super::{Record, StoreKey};
use super::{Bench, rules};
use crate::base::{AccountKey, Paths, private_file};

struct Memory;

impl Bench for Memory {
    fn open(&self) -> Box<dyn Store> {
        Box::new(MemoryStore::default())
    }

    fn cut_short(&self, _: &Record) {}

    fn damage(&self, _: &AccountKey) {}

    fn many(&self) -> usize {
        10_000
    }
}

struct SealedFile(Paths);

impl Bench for SealedFile {
    fn open(&self) -> Box<dyn Store> {
        Box::new(FileStore::new(&self.0, &StoreKey::new(&self.0)))
    }

    fn cut_short(&self, _: &Record) {
        let mut file = private_file::open_to_change(&self.0.credentials_file()).unwrap();
        file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(b"{\"body\":{\"records\":[{\"la")).unwrap();
    }

    fn damage(&self, account: &AccountKey) {
        let path = self.0.credentials_file();
        let mut bytes = private_file::read(&path).unwrap().unwrap().to_vec();
        let label = account.server().to_string().into_bytes();
        let at = bytes.windows(label.len()).position(|window| window == label).unwrap();
        bytes[at + label.len() - 1] ^= 1;
        private_file::replace(&path, &bytes).unwrap();
    }

    fn many(&self) -> usize {
        10_000
    }
}

struct RealKeyring(Trial);

impl Bench for RealKeyring {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Keyring::default())
    }

    fn cut_short(&self, record: &Record) {
        self.0.cut_short(&record.account().to_string(), &serde_json::to_vec(record).unwrap());
    }

    fn damage(&self, account: &AccountKey) {
        Keyring::default().remove(std::slice::from_ref(account)).unwrap();
        self.0.add(&account.to_string(), b"{\"account\":");
    }

    fn many(&self) -> usize {
        Trial::many()
    }
}

#[test]
fn memory_keeps_the_rules() {
    rules::hold(&Memory);
}

#[test]
fn the_sealed_file_keeps_the_rules() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::below(dir.path());
    let _lock = FileStore::new(&paths, &StoreKey::new(&paths)).lock().unwrap();
    rules::hold(&SealedFile(paths.clone()));
}

#[test]
fn a_real_keyring_keeps_the_rules() {
    let home = tempfile::tempdir().unwrap();
    if let Some(keyring) = Trial::start(home.path()) {
        rules::hold(&RealKeyring(keyring));
    }
}
