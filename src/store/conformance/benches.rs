//! The stores on the bench, each with its own way to spoil a record and to cut a write short. A store that is added has
//! its bench here, and then has to keep all rules.

use std::cell::RefCell;
use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use super::super::contract::Store;
use super::super::file::FileStore;
use super::super::keyring::Keyring;
use super::super::memory::MemoryStore;
use super::super::platform::Platform;
use super::super::{Record, StoreKey, bring_bus};
use super::{Bench, rules};
use crate::base::{AccountKey, Paths, private_file};

#[path = "../../../tests/support/session_bus.rs"]
mod session_bus;

use session_bus::SessionBus;

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

/// gnome-keyring, and a connection to it beside loom's own.
struct GnomeKeyring {
    service: RefCell<Platform>,
    _bus: SessionBus,
}

impl GnomeKeyring {
    /// Nothing where the programs are not installed.
    #[expect(clippy::print_stderr, reason = "who runs the tests is told what was not tried")]
    fn start(home: &std::path::Path) -> Option<GnomeKeyring> {
        let is_installed = |name: &str| Command::new(name).arg("--version").output().is_ok();
        if !["dbus-run-session", "gnome-keyring-daemon"].into_iter().all(is_installed) {
            assert!(std::env::var_os("CI").is_none(), "with CI set nothing may be skipped");
            eprintln!("skipped: there is no gnome-keyring; tests/run installs it");
            return None;
        }
        let mut session = Command::new("dbus-run-session");
        for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            session.env(name, home);
        }
        let bus = SessionBus::with_keyring(session);
        bring_bus(bus.address());
        Some(GnomeKeyring { service: RefCell::new(Platform::connect(bus.address()).unwrap()), _bus: bus })
    }

    fn add(&self, account: &AccountKey, value: &[u8]) {
        let service = self.service.borrow_mut();
        service.awaited_until(std::time::Instant::now() + std::time::Duration::from_secs(20));
        let user = account.to_string();
        service.create("loom", &[("service", "loom"), ("username", &user)], value).unwrap();
    }
}

impl Bench for GnomeKeyring {
    fn open(&self) -> Box<dyn Store> {
        Box::new(Keyring::default())
    }

    /// The new item is there, and the old one too.
    fn cut_short(&self, record: &Record) {
        self.add(record.account(), &serde_json::to_vec(record).unwrap());
    }

    fn damage(&self, account: &AccountKey) {
        Keyring::default().remove(std::slice::from_ref(account)).unwrap();
        self.add(account, b"{\"account\":");
    }

    /// It writes all that it has with each, so that ten times as many take some sixty times as long: 200 take twenty
    /// seconds on a slow machine, 2,000 eleven minutes, and 10,000 would take hours.
    fn many(&self) -> usize {
        if std::env::var_os("LOOM_FULL").is_some() { 2_000 } else { 200 }
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
    if let Some(keyring) = GnomeKeyring::start(home.path()) {
        rules::hold(&keyring);
    }
}
