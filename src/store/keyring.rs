use std::collections::HashMap;
use std::time::{Duration, Instant};

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error as KeyringError};
use zeroize::Zeroizing;

use super::legacy::LegacyRecord;
use super::patience::Patience;
use super::platform::{self, Platform};
use super::watch::Watch;
use super::worker::Worker;
use super::{CredentialStore, LegacyKey, Record, StoreError};
use crate::base::{AccountKey, Credential};
use crate::msg;
use crate::wire::StoredIn;

/// The service name of all entries, ours and an older Loom's.
const SERVICE: &str = "loom";

/// How long one call may take. A person is not asked anything, so nothing takes long that works.
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// A failure that took so long is one of a keyring that hangs: libdbus gives up by itself, after two seconds.
const SWIFT: Duration = Duration::from_secs(1);

/// The OS keyring: one entry per account, service `loom`, user `SERVER|USER`, the value one JSON record.
#[derive(Default)]
pub(super) struct Keyring {
    worker: Option<Worker<Platform>>,
    watch: Watch,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Keyring {
    /// Whether a keyring is there and can be used now, without a prompt.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.call(|platform| platform.look(SERVICE))
    }

    /// A number that differs after any change of the keyring's items, by whomever. Finding out takes no call: it never waits.
    #[allow(dead_code)] // Until the cascade asks.
    pub(super) fn changes(&mut self) -> u64 {
        self.watch.changes()
    }

    /// Looks, then calls: a call on a locked keyring would prompt, and a prompt on a headless box waits for ever.
    fn with_store<R: Send + 'static>(
        &mut self,
        call: impl Fn(&dyn CredentialStoreApi) -> Result<R> + Clone + Send + 'static,
    ) -> Result<R> {
        self.call(move |platform| {
            platform.look(SERVICE)?;
            call(platform.store())
        })
    }

    /// The same for a call that says whether it changed something.
    fn write(&mut self, call: impl Fn(&dyn CredentialStoreApi) -> Result<bool> + Clone + Send + 'static) -> Result<()> {
        let heard = self.watch.heard();
        if self.with_store(call)? {
            self.watch.wrote(heard);
        }
        Ok(())
    }

    fn call<R: Send + 'static>(
        &mut self,
        call: impl Fn(&mut Platform) -> Result<R> + Clone + Send + 'static,
    ) -> Result<R> {
        let (begun, was_connected) = (Instant::now(), self.worker.is_some());
        if Patience::lock().is_lost(begun) {
            return Err(hangs());
        }
        let failed = |outcome: &Result<R>| matches!(outcome, Err(StoreError::Unavailable(_)));
        let mut outcome = self.attempt(call.clone(), begun + CALL_WITHIN);
        if was_connected && failed(&outcome) && begun.elapsed() < SWIFT {
            // The keyring may have been started anew, and then it knows nothing of the connection.
            outcome = self.attempt(call, begun + CALL_WITHIN);
        }
        let hung = failed(&outcome) && begun.elapsed() >= SWIFT;
        Patience::lock().note(hung, Instant::now());
        if hung { Err(hangs()) } else { outcome }
    }

    fn attempt<R: Send + 'static>(
        &mut self,
        call: impl FnOnce(&mut Platform) -> Result<R> + Send + 'static,
        until: Instant,
    ) -> Result<R> {
        let left = || until.saturating_duration_since(Instant::now());
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => {
                let watch = self.watch.clone();
                Worker::start(move || Platform::connect(&watch), left()).map_err(|_| hangs())??
            }
        };
        let outcome = worker.call(call, left()).map_err(|_| hangs())?;
        // After a failure the connection may be dead; the next call makes a new one.
        if !matches!(outcome, Err(StoreError::Unavailable(_))) {
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
        self.with_store(|store| {
            let entries = store.search(&HashMap::from([("service", SERVICE)])).map_err(from_keyring)?;
            let mut records = Vec::new();
            for entry in &entries {
                // Another application may be called loom too; what is not exactly ours is not read any further.
                let user = platform::user(entry, SERVICE).map_err(from_keyring)?;
                let Some(account) = user.and_then(|user| user.parse::<AccountKey>().ok()) else { continue };
                let value = Zeroizing::new(entry.get_secret().map_err(from_keyring)?);
                records.extend(parse_record(&value).filter(|record| *record.account() == account));
            }
            Ok(records)
        })
    }

    fn put(&mut self, record: &Record) -> Result<()> {
        let value = Zeroizing::new(serde_json::to_vec(record).map_err(|_| StoreError::NotKept)?);
        let user = record.account().to_string();
        let label = format!("loom: {} ({})", record.account().server(), record.account().user());
        self.write(move |store| {
            let before = secret(store, &user)?;
            let entry =
                store.build(SERVICE, &user, Some(&HashMap::from([("label", label.as_str())]))).map_err(from_keyring)?;
            if before.is_none() && found(entry.get_attributes())?.is_some() {
                // It is another application's, and would be overwritten.
                return Err(StoreError::Unavailable(msg!("keyring-refused")));
            }
            entry.set_secret(&value).map_err(from_keyring)?;
            // A keyring that takes something and keeps something else would lose a login without a word.
            if Zeroizing::new(entry.get_secret().map_err(from_keyring)?) == value {
                return Ok(true);
            }
            match before {
                Some(before) => entry.set_secret(&before),
                None => entry.delete_credential(),
            }
            .map_err(from_keyring)?;
            Err(StoreError::NotKept)
        })
    }

    fn remove(&mut self, account: &AccountKey) -> Result<()> {
        let user = account.to_string();
        self.write(move |store| remove(store, &user))
    }

    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>> {
        self.with_store(|store| {
            let entries = store.search(&HashMap::from([("service", SERVICE)])).map_err(from_keyring)?;
            let users = entries.iter().map(|entry| platform::user(entry, SERVICE).map_err(from_keyring));
            let users = users.collect::<Result<Vec<Option<String>>>>()?;
            Ok(users.into_iter().flatten().filter_map(|user| LegacyKey::parse(&user)).collect())
        })
    }

    fn legacy(&mut self, key: &LegacyKey) -> Result<Option<Credential>> {
        let user = key.as_str().to_owned();
        self.with_store(move |store| {
            let value = secret(store, &user)?;
            Ok(value.and_then(|value| LegacyRecord::parse(&value)).map(LegacyRecord::into_credential))
        })
    }

    fn remove_legacy(&mut self, key: &LegacyKey) -> Result<()> {
        let user = key.as_str().to_owned();
        self.write(move |store| remove(store, &user))
    }
}

/// The entry of this user, if there is one. Another application's that the keyring finds in its place is none.
fn find(store: &dyn CredentialStoreApi, user: &str) -> Result<Option<Entry>> {
    let entry = store.build(SERVICE, user, None).map_err(from_keyring)?;
    let is_ours = found(platform::user(&entry, SERVICE))?.flatten().as_deref() == Some(user);
    Ok(is_ours.then_some(entry))
}

fn secret(store: &dyn CredentialStoreApi, user: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(entry) = find(store, user)? else { return Ok(None) };
    Ok(found(entry.get_secret())?.map(Zeroizing::new))
}

/// `true` if there was something to remove.
fn remove(store: &dyn CredentialStoreApi, user: &str) -> Result<bool> {
    let Some(entry) = find(store, user)? else { return Ok(false) };
    found(entry.delete_credential()).map(|gone| gone.is_some())
}

fn parse_record(value: &[u8]) -> Option<Record> {
    serde_json::from_slice(value).ok()
}

fn found<T>(outcome: std::result::Result<T, KeyringError>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(KeyringError::NoEntry) => Ok(None),
        Err(error) => Err(from_keyring(error)),
    }
}

/// The error without its data: some variants carry the secret itself.
fn from_keyring(error: KeyringError) -> StoreError {
    match error {
        KeyringError::NoStorageAccess(_) => StoreError::Locked,
        KeyringError::PlatformFailure(error) if platform::is_dismissal(&*error) => StoreError::Locked,
        KeyringError::PlatformFailure(error) => StoreError::Unavailable(msg!("keyring-says", error = error)),
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => StoreError::NotKept,
        KeyringError::TooLong(..) => StoreError::Unavailable(msg!("keyring-too-long")),
        _ => StoreError::Unavailable(msg!("keyring-refused")),
    }
}

fn hangs() -> StoreError {
    StoreError::Unavailable(msg!("keyring-hangs"))
}
