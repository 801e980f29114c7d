//! The keyring of Windows: the Credential Manager.
//!
//! It has no lock of its own, prompts nobody and tells of no change. A person sees each account in it as
//! `loom:SERVER (USER)`, in one line per entry; capitals do not count there, so a name with some is told from others by
//! a few letters behind it. An entry holds 2,560 bytes, which is less than a login with large tokens: what is longer
//! lies in parts with names of their own. They are written under names that nobody has, then the entry, which says how
//! many there are, then the former parts are removed: whatever is cut short, the entry leads to one whole value.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use sha2::{Digest, Sha256};
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

use super::super::StoreError;
use super::silent::user_of;
use crate::base::hex;
use crate::msg;

pub use super::silent::bring_bus;
pub(in crate::store) use super::silent::{Item, Signals, known_buses};

/// What the system calls it.
pub const TITLE: &str = "Credential Manager";

/// What the names of loom's entries begin with.
const OURS: &str = "loom:";

/// The most that an entry holds (`CRED_MAX_CREDENTIAL_BLOB_SIZE`).
const MAX_SIZE: usize = 5 * 512;

/// What the entry says whose value lies in parts: this, the name that they have in common, and how many there are. No
/// record begins so.
const PARTS: &str = "parts ";

/// The Credential Manager of this user.
pub(in crate::store) struct Platform(Arc<Store>);

type Result<T> = std::result::Result<T, StoreError>;

/// It is always there.
pub(in crate::store) fn connect(_: impl Fn(&str)) -> Result<Platform> {
    Store::new().map(Platform).map_err(failed)
}

impl Platform {
    /// Every call is quick, so nothing is given up.
    pub(in crate::store) fn awaited_until(&self, _: Instant) {}

    /// It has no lock.
    pub(in crate::store) fn look(&self) -> Result<()> {
        Ok(())
    }

    /// The entries of loom, or of one of its users.
    pub(in crate::store) fn items(&self, attributes: &[(&str, &str)]) -> Result<Vec<Item>> {
        let wanted = user_of(attributes).map(name);
        let names = self.names()?.into_iter().filter(|name| part(name).is_none());
        Ok(names.filter(|name| wanted.as_ref().is_none_or(|wanted| wanted == name)).map(Item).collect())
    }

    /// The attributes of each of these entries, as its name tells them; `None` for one that is another program's.
    pub(in crate::store) fn attributes(&self, items: &[Item]) -> Result<Vec<Option<HashMap<String, String>>>> {
        let named = |user| HashMap::from([("service".to_owned(), "loom".to_owned()), ("username".to_owned(), user)]);
        Ok(items.iter().map(|item| user(&item.0).map(named)).collect())
    }

    /// The value of an entry; `None` if it is gone.
    pub(in crate::store) fn secret(&self, item: &Item) -> Result<Option<Zeroizing<Vec<u8>>>> {
        // Somebody may put another value there while the parts of this one are read.
        for _ in 0..2 {
            let Some(value) = self.get(&item.0)? else { return Ok(None) };
            let Some((id, count)) = parts_of(&value) else { return Ok(Some(value)) };
            let mut whole = Zeroizing::new(Vec::with_capacity(count * MAX_SIZE));
            let mut nth = 0;
            while nth < count
                && let Some(more) = self.get(&part_name(&item.0, &id, nth))?
            {
                whole.extend_from_slice(&more);
                nth += 1;
            }
            if nth == count {
                return Ok(Some(whole));
            }
        }
        // No record, so that it is said that this one is damaged.
        Ok(Some(Zeroizing::new(PARTS.as_bytes().to_vec())))
    }

    /// The value of each of these entries; `None` for one that is gone.
    pub(in crate::store) fn secrets(&self, items: &[Item]) -> Result<Vec<Option<Zeroizing<Vec<u8>>>>> {
        items.iter().map(|item| self.secret(item)).collect()
    }

    /// Makes the entry with these attributes, in the place of one that is there.
    pub(in crate::store) fn create(&self, _: &str, attributes: &[(&str, &str)], secret: &[u8]) -> Result<Item> {
        let name = name(user_of(attributes).unwrap_or_default());
        if secret.len() <= MAX_SIZE {
            self.set(&name, secret)?;
            self.remove_parts(&name, None)?;
        } else {
            let mut random = [0; 8];
            getrandom::fill(&mut random).map_err(|_| StoreError::NotKept)?;
            let id = hex(&random);
            let parts = secret.chunks(MAX_SIZE);
            let count = parts.len();
            for (nth, part) in parts.enumerate() {
                self.set(&part_name(&name, &id, nth), part)?;
            }
            self.set(&name, format!("{PARTS}{id} {count}").as_bytes())?;
            self.remove_parts(&name, Some(&id))?;
        }
        Ok(Item(name))
    }

    /// Removes an entry, what is secret in it first; one that is gone already is no error.
    pub(in crate::store) fn delete(&self, item: &Item) -> Result<()> {
        self.remove_parts(&item.0, None)?;
        self.remove(&item.0)
    }

    fn remove_parts(&self, of: &str, but: Option<&str>) -> Result<()> {
        let names = self.names()?;
        let is_old = |name: &&String| part(name).is_some_and(|(entry, id)| entry == of && Some(id) != but);
        names.iter().filter(is_old).try_for_each(|name| self.remove(name))
    }

    /// The names of all our entries, parts included.
    fn names(&self) -> Result<Vec<String>> {
        let found = self.0.search(&HashMap::from([("pattern", "^loom:")])).map_err(failed)?;
        let name = |entry: &Entry| entry.get_attributes().ok()?.remove("target_name");
        Ok(found.iter().filter_map(name).filter(|name| name.starts_with(OURS)).collect())
    }

    fn entry(&self, name: &str) -> Result<Entry> {
        // On this machine only: elsewhere it would be opened by whoever gets hold of the user's roaming profile.
        self.0.build("loom", "", Some(&HashMap::from([("target", name), ("persistence", "Local")]))).map_err(failed)
    }

    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        match self.entry(name)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn set(&self, name: &str, value: &[u8]) -> Result<()> {
        self.entry(name)?.set_secret(value).map_err(failed)
    }

    fn remove(&self, name: &str) -> Result<()> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

/// The name of the entry for the user `SERVER|USER`.
fn name(user: &str) -> String {
    let (server, person) = user.split_once('|').unwrap_or((user, ""));
    let name = format!("{OURS}{server} ({person})");
    if name == name.to_lowercase() { name } else { name + " #" + &hex(&Sha256::digest(user.as_bytes())[..4]) }
}

/// The user `SERVER|USER` whose entry has this name.
fn user(entry: &str) -> Option<String> {
    // A server has no blank in it.
    let (server, rest) = entry.strip_prefix(OURS)?.split_once(" (")?;
    let (person, _) = rest.rsplit_once(')')?;
    Some(format!("{server}|{person}")).filter(|user| name(user) == entry)
}

/// The name of a part of the entry's value.
fn part_name(entry: &str, id: &str, nth: usize) -> String {
    format!("{entry} [{id} {nth}]")
}

/// The entry that this is a part of, and what its parts have in common.
fn part(name: &str) -> Option<(&str, &str)> {
    let (entry, rest) = name.strip_suffix(']')?.rsplit_once(" [")?;
    let (id, nth) = rest.split_once(' ')?;
    let is_part = id.len() == 16 && nth.parse::<usize>().is_ok() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_part.then_some((entry, id))
}

/// What the parts of the value have in common, and how many there are, if it lies in parts.
fn parts_of(value: &[u8]) -> Option<(String, usize)> {
    let (id, count) = std::str::from_utf8(value).ok()?.strip_prefix(PARTS)?.split_once(' ')?;
    Some((id.to_owned(), count.parse().ok()?))
}

fn failed(error: Error) -> StoreError {
    StoreError::of_keyring(msg!("keyring-says", error = error))
}

/// The Credential Manager itself, for tests: what is loom's in it is removed, so only Wine's is tried.
#[cfg(test)]
pub(in crate::store) struct Trial(Platform);

#[cfg(test)]
impl Trial {
    /// Nothing but under Wine, which says so by a variable.
    pub(in crate::store) fn start(_: &std::path::Path) -> Option<Trial> {
        std::env::var_os("WINEPREFIX")?;
        let manager = connect(|_| {}).unwrap();
        manager.names().unwrap().iter().for_each(|name| manager.remove(name).unwrap());
        Some(Trial(manager))
    }

    /// Wine's reads its whole registry with each.
    pub(in crate::store) fn many() -> usize {
        20
    }

    /// Puts this value into the user's entry.
    pub(in crate::store) fn add(&self, user: &str, value: &[u8]) {
        self.0.set(&name(user), value).unwrap();
    }

    /// Leaves what a put leaves that is cut short: a part is there, and no entry that leads to it.
    pub(in crate::store) fn cut_short(&self, user: &str, value: &[u8]) {
        self.0.set(&part_name(&name(user), "0123456789abcdef", 0), value).unwrap();
    }
}
