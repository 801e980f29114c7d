//! Changes to what is kept: in the store first, in memory second.

use super::Agent;
use super::accounts::{Accounts, Held};

use super::state::{lock, with_store};
use crate::base::{AccountKey, Credential, Secret, ServerUrl};
use crate::store::{Cascade, Record};
use crate::wire::{Fault, StoredIn};

impl Agent {
    /// Keeps a credential: in the store first, then in memory.
    pub(super) async fn keep(&self, account: AccountKey, credential: Credential) -> Result<StoredIn, Fault> {
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        let record = match lock(&self.accounts).as_ref().and_then(|accounts| accounts.get(&account)) {
            Some(held) => held.record().renewed(credential),
            None => Record::new(account, credential),
        };
        let put = record.clone();
        let stored_in = with_store(&mut changing, move |store| store.put(&put)).await?;
        lock(&self.accounts).get_or_insert_default().insert(record, stored_in);
        Ok(stored_in)
    }

    /// Puts a credential in the place of the one with the secret `old`. If the account has another one by now, or is gone,
    /// nothing happens: a slow renewal does not undo a login. What the store does not take is held in memory, because the
    /// server counts the old one as used up, and offered to the store again later.
    pub(super) async fn replace(&self, account: &AccountKey, old: &Secret, credential: Credential) {
        self.change(account, old, |record| Some(record.renewed(credential))).await;
    }

    /// Notes that the grant behind this secret ended.
    pub(super) async fn end(&self, account: &AccountKey, secret: &Secret) {
        self.change(account, secret, |record| Some(record.ended())).await;
    }

    /// Takes over what another agent stored for the account since this one read it. `true` if there was something.
    pub(super) async fn catch_up(&self, account: &AccountKey) -> Result<bool, Fault> {
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        let stored = with_store(&mut changing, Cascade::load).await?.remove(account);
        let Some((record, stored_in)) = stored else { return Ok(false) };
        let is_newer = |held: &Held| held.record().saved() < record.saved();
        let newer = self.look(|accounts| accounts.get(account).is_some_and(is_newer)).unwrap_or_default();
        if newer {
            lock(&self.accounts).get_or_insert_default().insert(record, stored_in);
        }
        Ok(newer)
    }

    /// Notes that a renewal follows a refusal.
    pub(super) fn heal(&self, account: &AccountKey) {
        lock(&self.accounts).get_or_insert_default().heal(account);
    }

    /// Forgets an account if it still has this secret: in the store first, then in memory.
    pub(super) async fn forget(&self, account: AccountKey, secret: Secret) -> Result<(), Fault> {
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        let current =
            lock(&self.accounts).as_ref().and_then(|all| all.get(&account)).map(|held| held.secret().matches(&secret));
        if current != Some(true) {
            return Ok(());
        }
        let gone = account.clone();
        with_store(&mut changing, move |store| store.remove(&gone)).await?;
        lock(&self.accounts).get_or_insert_default().remove(&account);
        Ok(())
    }

    /// Notes that the server refused, or accepted, this secret. If the account has another one by now, nothing happens.
    pub(super) async fn note(&self, account: &AccountKey, secret: &Secret, refused: bool) {
        let news = |record: &Record| (record.refused() != refused).then(|| record.noted(refused));
        self.change(account, secret, news).await;
    }

    /// Offers the store again what it did not take.
    pub async fn save_again(&self) {
        let mut changing = self.changing.lock().await;
        let unsaved =
            |all: &Accounts| all.iter().filter(|held| held.unsaved).map(|held| held.record().clone()).collect();
        let records: Vec<Record> = self.look(unsaved).unwrap_or_default();
        for record in records {
            let put = record.clone();
            if let Ok(stored_in) = with_store(&mut changing, move |store| store.put(&put)).await {
                lock(&self.accounts).get_or_insert_default().insert(record, stored_in);
            }
        }
    }

    pub(super) async fn claim(&self, server: &ServerUrl) -> Result<bool, Fault> {
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        let wanted = server.clone();
        let claimed = with_store(&mut changing, move |store| store.claim(&wanted)).await?;
        let Some((record, stored_in)) = claimed else { return Ok(false) };
        lock(&self.accounts).get_or_insert_default().insert(record, stored_in);
        Ok(true)
    }

    /// Changes the record behind this secret, if the account still has it and there is something to change. What the store
    /// does not take is held in memory and offered again later: the server knows it already.
    async fn change(&self, account: &AccountKey, secret: &Secret, change: impl FnOnce(&Record) -> Option<Record>) {
        let mut changing = self.changing.lock().await;
        let changed = lock(&self.accounts)
            .as_ref()
            .and_then(|all| all.get(account))
            .filter(|held| held.secret().matches(secret))
            .and_then(|held| Some((change(held.record())?, held.stored_in())));
        let Some((record, stored_in)) = changed else { return };
        let put = record.clone();
        let stored = with_store(&mut changing, move |store| store.put(&put)).await;
        let mut accounts = lock(&self.accounts);
        let accounts = accounts.get_or_insert_default();
        match stored {
            Ok(stored_in) => accounts.insert(record, stored_in),
            Err(fault) => {
                tracing::warn!(fault = fault.id(), "what the server said is not stored yet");
                accounts.insert_unsaved(record, stored_in);
            }
        }
    }
}
