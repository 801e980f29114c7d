//! The keyring as a store: look first, on a thread with a deadline.
//!
//! A call on a locked keyring prompts, and a prompt on a machine without a display waits for ever. So what comes first
//! is the question whether the collection is locked, and a search tells whether an item that was looked for is; neither
//! prompts. All of our items are looked for only where all are read: what a change costs does not grow with what is
//! kept. A message is given up after two seconds; a failure that took long is a hang, whoever noticed. A failure that
//! came quickly is tried once more over a new connection, for a keyring that was started anew knows none of the old
//! ones. An item is ours by its attributes, not because a search found it, and one that cannot be read is an error: a
//! keyring that ends in mid-call must not look empty.
//!
//! An account is all its items. Another tool may have copied one, and two agents may have written at once. The latest
//! record counts. A write makes a new item, reads it back, and only then removes what was there: whatever is cut short,
//! one of them is whole. Changing an item in place would be simpler, but gnome-keyring says nothing of it to others.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::contract::{Found, Listed, Put, Store};
use super::keyring_entry::{Entry, OURS, entry, items, ours, read, remove, users};
use super::legacy::LegacyRecord;
use super::legacy_source::LegacySource;
use super::patience::{Patience, SWIFT};
use super::platform::{self, Platform};
use super::sign::Sign;
use super::watch::Watch;
use super::worker::Worker;
use super::{LegacyKey, Revision, StoreError};
use crate::base::{AccountKey, Credential, ServerUrl, StoredIn, Waiting};
use crate::msg;

/// How long one call may take. No person is asked anything, so a call that works is quick.
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// How many accounts are read or removed in one call, which has to end in time.
const TOGETHER: usize = 50;

/// How many accounts are removed in one call at most: each is looked at first.
const REMOVED_TOGETHER: usize = 20;

/// The OS keyring: an [`Entry`] per account, service `loom`, user `SERVER|USER`, the value one JSON record.
#[derive(Default)]
pub(super) struct Keyring {
    worker: Option<Worker<Platform>>,
    watch: Watch,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Keyring {
    /// Whether a keyring is there and can be used now, without a prompt.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.with_open(|platform| platform.items(&OURS).map(drop))?;
        Patience::lock().note_use();
        Ok(())
    }

    /// Whether this process has used one before.
    pub(super) fn was_used(&self) -> bool {
        Patience::lock().was_used()
    }

    /// From now on its sign tells only whether there may be a keyring, or, once there is one, its changes again.
    pub(super) fn await_one(&self, waits: bool) {
        self.watch.await_one(waits);
    }

    /// Makes a call once the keyring is known to be open: on a locked one it would prompt, and without a display a
    /// prompt waits for ever.
    fn with_open<R: Send + 'static>(
        &mut self,
        call: impl Fn(&Platform) -> Result<R> + Clone + Send + 'static,
    ) -> Result<R> {
        self.call(move |platform| {
            platform.look()?;
            call(platform)
        })
    }

    /// Makes a call on an open keyring that says whether it changed something, and notes that change.
    fn write(&mut self, call: impl Fn(&Platform) -> Result<bool> + Clone + Send + 'static) -> Result<()> {
        let heard = self.watch.heard();
        if self.with_open(call)? {
            self.watch.wrote(heard);
        }
        Ok(())
    }

    fn call<R: Send + 'static>(&mut self, call: impl Fn(&Platform) -> Result<R> + Clone + Send + 'static) -> Result<R> {
        let begun = Instant::now();
        let doubt = Patience::lock().doubt(begun);
        if let Some(within) = doubt
            && let Err(error @ StoreError::Unavailable { .. }) = self.attempt(Platform::look, begun + within)
        {
            Patience::lock().note(begun.elapsed() >= within, Instant::now());
            return Err(error);
        }
        let (begun, was_connected) = (Instant::now(), self.worker.is_some());
        let mut outcome = self.attempt(call.clone(), begun + CALL_WITHIN);
        if was_connected && failed(&outcome) && begun.elapsed() < SWIFT {
            // The keyring may have been started anew, and then it knows nothing of the connection.
            outcome = self.attempt(call, begun + CALL_WITHIN);
        }
        let hung = failed(&outcome) && begun.elapsed() >= SWIFT;
        Patience::lock().note(hung, Instant::now());
        if hung { Err(hangs()) } else { outcome }
    }

    fn put_one(&mut self, put: &Put<'_>) -> Result<()> {
        let record = put.record;
        let value = Zeroizing::new(serde_json::to_vec(record).map_err(|_| StoreError::NotKept)?);
        let (user, instead_of) = (record.account().to_string(), put.instead_of.clone());
        let label = format!("loom: {} ({})", record.account().server(), record.account().user());
        self.write(move |platform| {
            let before = entry(platform, &user)?;
            if before.revision() != instead_of {
                // Made anew after the connection broke, the call finds what it had made before: a record says when it
                // was saved, so nobody else's is the same.
                let Some((own, _)) = before.items.iter().find(|(_, held)| *held == value) else {
                    return Err(StoreError::Raced);
                };
                before.items.iter().filter(|(old, _)| old != own).try_for_each(|(old, _)| platform.delete(old))?;
                return Ok(true);
            }
            // A new one, and only then away with what was there: a keyring that ends in between has both, and the later
            // counts. Changing the old one would be heard by nobody: gnome-keyring has no signal for it.
            let item = platform.create(&label, &ours(&user), &value)?;
            // A keyring that takes something and keeps something else would lose a login without a word.
            if platform.secret(&item)?.as_ref() != Some(&value) {
                platform.delete(&item)?;
                return Err(StoreError::NotKept);
            }
            before.items.iter().filter(|(old, _)| *old != item).try_for_each(|(old, _)| platform.delete(old))?;
            Ok(true)
        })
    }

    fn attempt<R: Send + 'static>(
        &mut self,
        call: impl FnOnce(&Platform) -> Result<R> + Send + 'static,
        until: Instant,
    ) -> Result<R> {
        let left = || until.saturating_duration_since(Instant::now());
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => {
                let watch = self.watch.clone();
                Worker::start(move || platform::connect(|bus| watch.begin(bus)), left()).map_err(|_| hangs())??
            }
        };
        let _waiting = Waiting::begin(msg!("keyring-awaited"));
        let done = worker.call(
            move |platform| {
                platform.awaited_until(until);
                call(platform)
            },
            left(),
        );
        let outcome = done.map_err(|_| hangs())?;
        // After a failure the connection may be dead; the next call makes a new one.
        if !matches!(outcome, Err(StoreError::Unavailable { .. })) {
            self.worker = Some(worker);
        }
        outcome
    }
}

impl Store for Keyring {
    fn stored_in(&self) -> StoredIn {
        StoredIn::Keyring
    }

    /// A keyring has label and secret in one text.
    fn list(&mut self) -> Result<Vec<Listed>> {
        Ok(self.load()?.into_iter().map(Found::listed).collect())
    }

    fn get(&mut self, accounts: &[AccountKey]) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for part in accounts.chunks(TOGETHER) {
            let users: Vec<String> = part.iter().map(ToString::to_string).collect();
            let read = move |platform: &Platform| {
                users.iter().map(|user| entry(platform, user)).collect::<Result<Vec<Entry>>>()
            };
            let entries = self.with_open(read)?;
            found.extend(part.iter().zip(entries).filter_map(|(account, entry)| entry.found(account)));
        }
        Ok(found)
    }

    fn put_if(&mut self, records: &[Put<'_>]) -> Result<()> {
        records.iter().try_for_each(|put| self.put_one(put))
    }

    fn remove_if(&mut self, accounts: &[(AccountKey, Revision)]) -> Result<()> {
        for part in accounts.chunks(REMOVED_TOGETHER) {
            let part: Vec<(String, Revision)> =
                part.iter().map(|(account, revision)| (account.to_string(), revision.clone())).collect();
            self.write(move |platform| {
                let mut is_changed = false;
                for (user, revision) in &part {
                    let now = entry(platform, user)?.revision();
                    if now.is_some_and(|now| now != *revision) {
                        return Err(StoreError::Raced);
                    }
                    is_changed |= remove(platform, user)?;
                }
                Ok(is_changed)
            })?;
        }
        Ok(())
    }

    fn load(&mut self) -> Result<Vec<Found>> {
        let items = self.with_open(|platform| platform.items(&OURS))?;
        let mut entries: BTreeMap<AccountKey, Entry> = BTreeMap::new();
        for part in items.chunks(TOGETHER) {
            let part = part.to_vec();
            for (account, item, value) in self.with_open(move |platform| read(platform, part.clone()))? {
                entries.entry(account).or_default().items.push((item, value));
            }
        }
        Ok(entries.iter().filter_map(|(account, entry)| entry.found(account)).collect())
    }

    /// The names are attributes, which are read without the values.
    fn names_any(&mut self, origins: &[ServerUrl]) -> Result<bool> {
        let items = self.with_open(|platform| platform.items(&OURS))?;
        let is_meant = |account: AccountKey| origins.iter().any(|origin| account.server().same_origin(origin));
        for part in items.chunks(TOGETHER) {
            let part = part.to_vec();
            let names = self.with_open(move |platform| users(platform, &part))?.into_iter().flatten();
            if names.filter_map(|name| name.parse().ok()).any(is_meant) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sign(&self) -> Box<dyn Sign> {
        Box::new(self.watch.clone())
    }

    fn legacy(&mut self) -> Option<&mut dyn LegacySource> {
        Some(self)
    }
}

impl LegacySource for Keyring {
    fn keys(&mut self) -> Result<Vec<LegacyKey>> {
        let mut keys = Vec::new();
        for part in self.with_open(|platform| platform.items(&OURS))?.chunks(TOGETHER) {
            let part = part.to_vec();
            keys.extend(
                self.with_open(move |platform| users(platform, &part))?
                    .into_iter()
                    .flatten()
                    .filter_map(|user| LegacyKey::parse(&user)),
            );
        }
        Ok(keys)
    }

    fn find(&mut self, key: &LegacyKey) -> Result<Option<Credential>> {
        let user = key.as_str().to_owned();
        self.with_open(move |platform| {
            for item in items(platform, &user)? {
                let value = platform.secret(&item)?;
                if let Some(record) = value.and_then(|value| LegacyRecord::parse(&value)) {
                    return Ok(Some(record.into_credential()));
                }
            }
            Ok(None)
        })
    }

    fn forget(&mut self, key: &LegacyKey) -> Result<()> {
        let user = key.as_str().to_owned();
        self.write(move |platform| remove(platform, &user))
    }
}

fn failed<R>(outcome: &Result<R>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { .. }))
}

fn hangs() -> StoreError {
    StoreError::of_keyring(msg!("keyring-hangs"))
}
