//! The keyring as a store: look first, on a thread with a deadline.
//!
//! A call on a locked keyring prompts, and a prompt on a machine without a display waits for ever. So what comes first
//! is the question whether the collection or one of our items is locked; neither question prompts. A message is given
//! up after two seconds; a failure that took long is a hang, whoever noticed. A failure that came quickly is tried once
//! more over a new connection, for a keyring that was started anew knows none of the old ones. An item is ours by its
//! attributes, not because a search found it, and one that cannot be read is an error: a keyring that ends in mid-call
//! must not look empty.
//!
//! An account is all its items. Another tool may have copied one, and two agents may have written at once. The latest
//! record counts. A write makes a new item, reads it back, and only then removes what was there: whatever is cut short,
//! one of them is whole. Changing an item in place would be simpler, but gnome-keyring says nothing of it to others.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::legacy::LegacyRecord;
use super::patience::Patience;
use super::platform::{self, Item, Platform};
use super::watch::Watch;
use super::worker::Worker;
use super::{CredentialStore, LegacyKey, Record, StoreError};
use crate::base::{AccountKey, Credential, StoredIn, Waiting};
use crate::msg;

/// What our entries are found by, and an older Loom's.
const OURS: [(&str, &str); 1] = [("service", "loom")];

/// How long one call may take. A person is not asked anything, so nothing takes long that works.
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// So many accounts are read or removed in one call, which has to end in time however many there are.
const TOGETHER: usize = 50;

/// A failure that took so long is one of a keyring that hangs: it gave up by itself, after two seconds.
const SWIFT: Duration = Duration::from_secs(1);

/// The OS keyring: an entry per account, service `loom`, user `SERVER|USER`, the value one JSON record. Where there are
/// several of an account – another tool copied one, two agents wrote at once – the latest counts and a write removes the
/// others.
#[derive(Default)]
pub(super) struct Keyring {
    worker: Option<Worker<Platform>>,
    watch: Watch,
    damaged: Vec<AccountKey>,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Keyring {
    /// Whether a keyring is there and can be used now, without a prompt.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.call(|platform| platform.look(&OURS))?;
        Patience::lock().note_use();
        Ok(())
    }

    /// Whether this process has used one before.
    pub(super) fn was_used(&self) -> bool {
        Patience::lock().was_used()
    }

    /// Who tells whether something changed.
    pub(super) fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Looks, then calls: a call on a locked keyring would prompt, and a prompt on a headless box waits for ever.
    fn with_open<R: Send + 'static>(
        &mut self,
        call: impl Fn(&Platform) -> Result<R> + Clone + Send + 'static,
    ) -> Result<R> {
        self.call(move |platform| {
            platform.look(&OURS)?;
            call(platform)
        })
    }

    /// The same for a call that says whether it changed something.
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
            && let Err(error @ StoreError::Unavailable { .. }) =
                self.attempt(|platform| platform.look(&OURS), begun + within)
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

    fn put_one(&mut self, record: &Record) -> Result<()> {
        let value = Zeroizing::new(serde_json::to_vec(record).map_err(|_| StoreError::NotKept)?);
        let user = record.account().to_string();
        let label = format!("loom: {} ({})", record.account().server(), record.account().user());
        self.write(move |platform| {
            let before = items(platform, &user)?;
            // A new one, and only then away with what was there: a keyring that ends in between has both, and the later
            // counts. Changing the old one would be heard by nobody: gnome-keyring has no signal for it.
            let item = platform.create(&label, &ours(&user), &value)?;
            // A keyring that takes something and keeps something else would lose a login without a word.
            if platform.secret(&item)?.as_ref() != Some(&value) {
                platform.delete(&item)?;
                return Err(StoreError::NotKept);
            }
            before.iter().filter(|old| **old != item).try_for_each(|old| platform.delete(old))?;
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
                Worker::start(move || platform::connect(&watch), left()).map_err(|_| hangs())??
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

impl CredentialStore for Keyring {
    fn stored_in(&self) -> StoredIn {
        StoredIn::Keyring
    }

    fn load(&mut self) -> Result<Vec<Record>> {
        let items = self.with_open(|platform| platform.items(&OURS))?;
        let mut found = Found::new();
        for part in items.chunks(TOGETHER) {
            let part = part.to_vec();
            self.with_open(move |platform| read(platform, part.clone()))?
                .into_iter()
                .for_each(|one| take(&mut found, one));
        }
        let (records, damaged) = sorted(found);
        self.damaged = damaged;
        Ok(records)
    }

    fn damaged(&self) -> &[AccountKey] {
        &self.damaged
    }

    fn find(&mut self, accounts: &[AccountKey]) -> Result<Vec<Record>> {
        let mut found = Found::new();
        for part in accounts.chunks(TOGETHER) {
            let users: Vec<String> = part.iter().map(ToString::to_string).collect();
            let find = move |platform: &Platform| {
                let found = users.iter().map(|user| items(platform, user)).collect::<Result<Vec<Vec<Item>>>>()?;
                read(platform, found.into_iter().flatten())
            };
            self.with_open(find)?.into_iter().for_each(|one| take(&mut found, one));
        }
        Ok(sorted(found).0)
    }

    fn put(&mut self, records: &[Record]) -> Result<()> {
        records.iter().try_for_each(|record| self.put_one(record))
    }

    fn remove(&mut self, accounts: &[AccountKey]) -> Result<()> {
        for part in accounts.chunks(TOGETHER) {
            let users: Vec<String> = part.iter().map(ToString::to_string).collect();
            self.write(move |platform| {
                let gone = users.iter().map(|user| remove(platform, user)).collect::<Result<Vec<bool>>>()?;
                Ok(gone.contains(&true))
            })?;
        }
        Ok(())
    }

    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>> {
        self.with_open(|platform| {
            let mut keys = Vec::new();
            for item in platform.items(&OURS)? {
                keys.extend(user(platform, &item)?.and_then(|user| LegacyKey::parse(&user)));
            }
            Ok(keys)
        })
    }

    fn legacy(&mut self, key: &LegacyKey) -> Result<Option<Credential>> {
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

    fn remove_legacy(&mut self, key: &LegacyKey) -> Result<()> {
        let user = key.as_str().to_owned();
        self.write(move |platform| remove(platform, &user))
    }
}

/// What there is of each account: the latest record, or nothing that is one.
type Found = BTreeMap<AccountKey, Option<Record>>;

/// What these items are.
fn read(platform: &Platform, items: impl IntoIterator<Item = Item>) -> Result<Vec<(AccountKey, Option<Record>)>> {
    let mut all = Vec::new();
    for item in items {
        // Another application may be called loom too; what is not exactly ours is not read any further.
        let account = user(platform, &item)?.and_then(|user| user.parse::<AccountKey>().ok());
        let Some(account) = account else { continue };
        let Some(value) = platform.secret(&item)? else { continue };
        let record = serde_json::from_slice(&value).ok().filter(|record: &Record| *record.account() == account);
        all.push((account, record));
    }
    Ok(all)
}

fn take(found: &mut Found, (account, record): (AccountKey, Option<Record>)) {
    match (found.entry(account), record) {
        (Entry::Vacant(place), record) => drop(place.insert(record)),
        (Entry::Occupied(mut known), Some(record))
            if known.get().as_ref().is_none_or(|known| known.saved() < record.saved()) =>
        {
            known.insert(Some(record));
        }
        (Entry::Occupied(_), _) => {}
    }
}

/// The records, and the accounts of which there is only something that is none.
fn sorted(found: Found) -> (Vec<Record>, Vec<AccountKey>) {
    let (mut records, mut damaged) = (Vec::new(), Vec::new());
    for (account, record) in found {
        match record {
            Some(record) => records.push(record),
            None => damaged.push(account),
        }
    }
    (records, damaged)
}

/// What the items of this user have.
fn ours(user: &str) -> [(&str, &str); 2] {
    [OURS[0], ("username", user)]
}

/// All items of this user.
fn items(platform: &Platform, user: &str) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for item in platform.items(&ours(user))? {
        // An item is ours by its attributes, not because a search found it.
        if self::user(platform, &item)?.as_deref() == Some(user) {
            items.push(item);
        }
    }
    Ok(items)
}

/// The user of an item of ours; nothing if it is another application's, whatever a search said, or gone.
fn user(platform: &Platform, item: &Item) -> Result<Option<String>> {
    let Some(mut attributes) = platform.attributes(item)? else { return Ok(None) };
    let is_ours = OURS.iter().all(|(name, value)| attributes.get(*name).is_some_and(|found| found == value));
    Ok(attributes.remove("username").filter(|_| is_ours))
}

/// Removes all items of this user. `true` if there was one.
fn remove(platform: &Platform, user: &str) -> Result<bool> {
    let items = items(platform, user)?;
    items.iter().try_for_each(|item| platform.delete(item))?;
    match self::items(platform, user)?.is_empty() {
        true => Ok(!items.is_empty()),
        false => Err(StoreError::NotKept),
    }
}

fn failed<R>(outcome: &Result<R>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { .. }))
}

fn hangs() -> StoreError {
    StoreError::of_keyring(msg!("keyring-hangs"))
}
