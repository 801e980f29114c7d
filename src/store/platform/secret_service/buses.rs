//! Which session buses the keyring may be on. Whoever started the agent may have had none, over SSH, or one that has
//! ended since; who asks later may have another.
//!
//! They are tried in this order: that of whoever asked last, then the one the agent was given, then
//! `/run/user/UID/bus`; when there is no connection yet or it failed, so two sessions with a bus each do not have the
//! agent change sides.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::os::directories;
use crate::os::file::FileFacts;

/// How many buses are remembered.
const MOST: usize = 4;

/// Those that askers brought, the latest first. Known to the whole process, as
/// [`Patience`](super::super::super::patience::Patience) is.
struct Brought {
    addresses: Vec<String>,
    /// How often an unknown one came.
    news: u64,
}

/// Notes the session bus of an owner who asks, so that the keyring is looked for there too. `address` is in D-Bus form,
/// such as `unix:path=/run/user/1000/bus`.
pub fn bring_bus(address: &str) {
    // Others are commands to run, or buses of other machines.
    if !address.starts_with("unix:") {
        return;
    }
    let mut brought = brought();
    match brought.addresses.iter().position(|known| known == address) {
        Some(0) => {}
        Some(known) => brought.addresses[..=known].rotate_right(1),
        None => {
            brought.addresses.insert(0, address.to_owned());
            brought.addresses.truncate(MOST);
            brought.news += 1;
        }
    }
}

/// Where to look: the bus of whoever asked last, that which this process was given, and the user's own.
pub(super) fn all() -> Vec<String> {
    let mut all = brought().addresses.clone();
    all.extend(std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty()));
    all.extend(of_user().map(|path| format!("unix:path={}", path.display())));
    let mut seen = Vec::new();
    all.retain(|address| {
        !seen.contains(address) && {
            seen.push(address.clone());
            true
        }
    });
    all
}

/// A number that changes when there is another bus to look at.
pub(in crate::store) fn known_buses() -> u64 {
    let news = brought().news;
    2 * news + u64::from(of_user().is_some())
}

/// `bus` in the user's runtime directory, if it is there and nobody else's.
fn of_user() -> Option<PathBuf> {
    let is_bus = |path: &PathBuf| FileFacts::of_name(path).is_ok_and(|found| found.is_socket() && found.is_ours());
    directories::runtime().map(|dir| dir.join("bus")).find(is_bus)
}

fn brought() -> MutexGuard<'static, Brought> {
    static BROUGHT: Mutex<Brought> = Mutex::new(Brought { addresses: Vec::new(), news: 0 });
    BROUGHT.lock().unwrap_or_else(PoisonError::into_inner)
}
