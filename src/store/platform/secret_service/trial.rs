//! A real gnome-keyring for tests, on a bus of its own, and a connection to it beside loom's.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Platform, bring_bus};

#[path = "../../../../tests/support/session_bus.rs"]
mod session_bus;

use session_bus::SessionBus;

/// It ends when this is dropped.
pub(in crate::store) struct Trial {
    service: RefCell<Platform>,
    _bus: SessionBus,
}

impl Trial {
    /// Nothing where the programs are not installed.
    #[expect(clippy::print_stderr, reason = "who runs the tests is told what was not tried")]
    pub(in crate::store) fn start(home: &Path) -> Option<Trial> {
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
        Some(Trial { service: RefCell::new(Platform::connect(bus.address()).unwrap()), _bus: bus })
    }

    /// It writes all that it has with each, so that ten times as many take some sixty times as long: 200 take twenty
    /// seconds on a slow machine, 2,000 eleven minutes, and 10,000 would take hours.
    pub(in crate::store) fn many() -> usize {
        if std::env::var_os("LOOM_FULL").is_some() { 2_000 } else { 200 }
    }

    /// Makes an entry of this user, whatever else there is of theirs.
    pub(in crate::store) fn add(&self, user: &str, value: &[u8]) {
        let service = self.service.borrow_mut();
        service.awaited_until(Instant::now() + Duration::from_secs(20));
        service.create("loom", &[("service", "loom"), ("username", user)], value).unwrap();
    }

    /// Leaves what a put leaves that is cut short: the new entry is there, and the old one too.
    pub(in crate::store) fn cut_short(&self, user: &str, value: &[u8]) {
        self.add(user, value);
    }
}
