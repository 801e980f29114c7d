//! Changes to what is kept: in the store first, in memory second. Each is made to the record as the store has it, and
//! only if that is still the one the change is about: other agents may share the store.
//!
//! A change is made to the record as the store has it, under the lock of the stores, and only if that still has the
//! secret which the change is about (`Cascade::change`): a 401, an approval or a renewal that is late changes nothing
//! that came since, and nothing that was logged out comes back. What a store did not take stays in memory, with the
//! secret it is to replace.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::agent::accounts::Accounts;
use crate::agent::accounts::held::{Held, InStore};
use crate::agent::accounts::index::Index;
use crate::agent::accounts::stores::{STORE_WITHIN, with_store};
use crate::agent::accounts::wishes::Asker;
use crate::agent::fault;
use crate::base::lock;
use crate::base::{AccountKey, Credential, Secret, ServerUrl, StoredIn};
use crate::store::{Cascade, Change, Changed, Record, Wish};
use crate::wire::{Fault, reason};

/// A change that is made if the record still has the secret it is about; `None` where there is nothing to change.
type Amend = Box<dyn Fn(&Record) -> Option<Record> + Send>;

impl Accounts {
    /// Keeps a credential in the place of what the account has, if that may go, and of the account `instead`: somebody
    /// decided so. Returns where, and what it replaced; nothing where what is there has to stay.
    pub(crate) async fn keep(
        &self,
        account: AccountKey,
        instead: Option<AccountKey>,
        credential: Credential,
        may_go: fn(&Record) -> bool,
    ) -> Result<Option<(StoredIn, Vec<Record>)>, Fault> {
        // The account that goes comes first, so that the one in its place can take over when it was created.
        let accounts = instead.iter().chain([&account]).cloned().collect();
        let (own, mut former) = (account.clone(), None);
        let mut changed = self
            .change(accounts, move |asked, now| match (*asked == own, now) {
                (false, None) => None,
                (false, Some(record)) => {
                    former = Some(record.named(own.clone()));
                    Some(Change::Remove)
                }
                (true, Some(record)) if !may_go(record) => None,
                (true, now) => Some(put(match now.or(former.as_ref()) {
                    Some(record) => record.renewed(credential.clone()),
                    None => Record::new(own.clone(), credential.clone()),
                })),
            })
            .await?;
        if !changed.changed.contains(&account) {
            return Ok(None);
        }
        let stored_in = changed.kept.get(&account).map_or(StoredIn::Memory, |(_, stored_in)| *stored_in);
        Ok(Some((stored_in, std::mem::take(&mut changed.was).into_values().collect())))
    }

    /// Changes the record of an account as it is in the store, which may have it from another agent; `false` where
    /// there was nothing to change.
    pub(crate) async fn amend(
        &self,
        account: AccountKey,
        amend: impl Fn(Option<&Record>) -> Option<Record> + Send + 'static,
    ) -> Result<bool, Fault> {
        let changed = self.change(vec![account], move |_, now| amend(now).map(put)).await?;
        Ok(!changed.changed.is_empty())
    }

    /// Puts a credential in the place of the one with the secret `old`. If the account has another one by now, or is
    /// gone, nothing happens: a slow renewal does not undo a login. What the store does not take is held in memory,
    /// because the server counts the old one as used up, and offered to the store again later. Says whether it is kept.
    pub(crate) async fn replace(&self, account: &AccountKey, old: &Secret, credential: Credential) -> bool {
        self.change_if(account, old, Box::new(move |record| Some(record.renewed(credential.clone())))).await
    }

    /// Notes that what this secret belongs to ended.
    pub(crate) async fn end(&self, account: &AccountKey, secret: &Secret) {
        self.change_if(account, secret, Box::new(|record| Some(record.ended()))).await;
    }

    /// Notes that the server refused, or accepted, this secret. If the account has another one by now, or that is
    /// known, nothing happens, which the answer says.
    pub(crate) async fn note(&self, account: &AccountKey, secret: &Secret, refused: bool) -> bool {
        let news = move |record: &Record| (record.refused() != refused).then(|| record.noted(refused));
        if !refused {
            self.note_acceptance(account, secret);
        }
        self.change_if(account, secret, Box::new(news)).await
    }

    /// Notes, in memory, that the server took this secret.
    pub(crate) fn note_acceptance(&self, account: &AccountKey, secret: &Secret) {
        let held = |all: &Index| {
            all.get(account).filter(|held| held.secret().matches(secret)).into_iter().for_each(Held::note_acceptance);
        };
        let _ = self.look(held);
    }

    /// Notes that a renewal follows a refusal.
    pub(crate) fn heal(&self, account: &AccountKey) {
        if let Some(memory) = lock(&self.memory).as_mut() {
            memory.heal(account);
        }
    }

    /// Forgets those of these accounts that still have this secret, in one step. Says which are gone, also where the
    /// store failed: it may have made some of it, or all.
    pub(crate) async fn forget(
        &self,
        secrets: BTreeMap<AccountKey, Secret>,
    ) -> (BTreeSet<AccountKey>, Result<(), Fault>) {
        let asked = secrets.clone();
        match self.remove(secrets).await {
            Ok(()) => (asked.into_keys().collect(), Ok(())),
            Err(fault) => {
                let is_gone = |all: &Index, account: &AccountKey, secret: &Secret| {
                    !all.get(account).is_some_and(|held| held.unsaved.is_some() || has(held.record(), secret))
                };
                let gone = |all: &Index| {
                    let gone = asked.iter().filter(|(account, secret)| is_gone(all, account, secret));
                    gone.map(|(account, _)| account.clone()).collect::<BTreeSet<_>>()
                };
                let gone = self.with(gone).await.unwrap_or_default();
                let fault = if gone.len() == asked.len() { Ok(()) } else { Err(fault) };
                (gone, fault)
            }
        }
    }

    async fn remove(&self, secrets: BTreeMap<AccountKey, Secret>) -> Result<(), Fault> {
        let accounts: Vec<AccountKey> = secrets.keys().cloned().collect();
        // A record that memory has and the store did not take is forgotten together with the one that the store has.
        let unsaved = |all: &Index| {
            let unsaved = accounts.iter().filter_map(|key| Some((key.clone(), all.get(key)?.unsaved.clone()?)));
            unsaved.collect::<BTreeMap<AccountKey, InStore>>()
        };
        let unsaved = self.look(unsaved).unwrap_or_default();
        let decide = move |account: &AccountKey, now: Option<&Record>| {
            let (now, secret) = (now?, secrets.get(account)?);
            let is_meant = has(now, secret) || unsaved.get(account).is_some_and(|in_store| in_store.is(now));
            is_meant.then_some(Change::Remove)
        };
        self.change(accounts, decide).await.map(drop)
    }

    /// Removes what is no record any more, unless there is one by now.
    pub(crate) async fn forget_damaged(&self, account: AccountKey) -> Result<(), Fault> {
        self.change(vec![account], |_, now| now.is_none().then_some(Change::Remove)).await.map(drop)
    }

    /// Offers the store again what it did not take, unless it has something else by now. The last that an agent does
    /// with its stores before it is locked, so that being locked does not keep it.
    pub(crate) async fn save_again(&self) {
        let Ok(mut stores) = timeout(STORE_WITHIN, self.changing.lock()).await else { return };
        let unsaved = |all: &Index| {
            let unsaved = all.iter().filter_map(|held| Some((held.record().clone(), held.unsaved.clone()?)));
            unsaved.collect::<Vec<(Record, InStore)>>()
        };
        let records = self.look(unsaved).unwrap_or_default();
        if stores.is_none() && !records.is_empty() {
            // A call that hung took them along.
            *stores = self.opened().await.ok();
        }
        for (record, in_store) in records {
            let account = record.account().clone();
            let again = move |_: &AccountKey, now: Option<&Record>| {
                now.filter(|now| in_store.is(now)).map(|_| put(record.clone()))
            };
            let wish = Wish::new(vec![account], again);
            for fault in self.change_in(&mut stores, vec![wish]).await.into_iter().filter_map(Result::err) {
                tracing::warn!(fault = %fault.id(), "what the server said is still not stored");
            }
        }
    }

    /// Takes over what an older Loom kept for the server. `true` if there was something.
    pub(crate) async fn claim(&self, server: &ServerUrl) -> Result<bool, Fault> {
        let mut stores = self.stores().await?;
        let wanted = server.clone();
        let claimed = with_store(&mut stores, move |store| store.claim(&wanted)).await?;
        Ok(claimed.is_some())
    }

    /// Changes the record behind this secret, if the account still has it and there is something to change. What the
    /// store does not take is held in memory and offered again later: the server knows it already.
    async fn change_if(&self, account: &AccountKey, secret: &Secret, amend: Amend) -> bool {
        let in_memory = self
            .look(|accounts| {
                let held = accounts.get(account).filter(|held| has(held.record(), secret))?;
                Some((amend(held.record())?, held.unsaved.clone(), InStore::of(held.record()), held.stored_in()))
            })
            .flatten();
        let Some((record, unsaved, known, stored_in)) = in_memory else { return false };
        let put_it = {
            let (record, unsaved, secret) = (record.clone(), unsaved.clone(), secret.clone());
            move |now: Option<&Record>| match &unsaved {
                // The store does not have the present record yet, so it is put there with this change; or it has taken
                // it meanwhile.
                Some(in_store) => now.filter(|now| in_store.is(now) || has(now, &secret)).map(|_| record.clone()),
                None => now.filter(|now| has(now, &secret)).and_then(&amend),
            }
        };
        let wanted = record.credential().secret().clone();
        let done = self.change(vec![account.clone()], move |_, now| put_it(now).map(put)).await;
        match done {
            // Nothing may have been changed because it is there already: a store can make a change and lose its answer.
            Ok(changed) => {
                let is_there = changed.kept.get(account).is_some_and(|(record, _)| has(record, &wanted));
                changed.changed.contains(account) || is_there
            }
            Err(fault) => {
                tracing::warn!(fault = %fault.id(), "what the server said is not stored yet");
                // Whoever locks the agent waits for renewals, so nothing that only memory has is lost by it.
                if let Some(memory) = lock(&self.memory).as_mut() {
                    memory.insert_unsaved(record, stored_in, unsaved.unwrap_or(known));
                }
                true
            }
        }
    }

    async fn change(
        &self,
        accounts: Vec<AccountKey>,
        decide: impl FnMut(&AccountKey, Option<&Record>) -> Option<Change> + Send + 'static,
    ) -> Result<Changed, Fault> {
        // Memory is read first: it answers for all accounts when the stores later cannot.
        self.with(|_| ()).await?;
        let (number, answer) = self.wishes.add(Wish::new(accounts, decide));
        let accounts = self.own.upgrade().ok_or(reason::Request::Internal)?;
        // It goes on if the caller goes away, since changes of others may be in the same write.
        tokio::spawn(async move { accounts.grant(number).await });
        answer.await.map_err(|_| reason::Request::Internal)?
    }

    /// Makes the changes of all who wait, unless somebody did while this one waited.
    async fn grant(&self, number: u64) {
        match self.stores().await {
            Ok(mut stores) => {
                let (wishes, askers): (Vec<Wish>, Vec<Asker>) = self.wishes.take_all().into_iter().unzip();
                let outcomes = self.change_in(&mut stores, wishes).await;
                // Given back first, so that the next write begins while these callers are told.
                drop(stores);
                for (asker, outcome) in askers.into_iter().zip(outcomes) {
                    let _ = asker.send(outcome);
                }
            }
            Err(fault) => {
                if let Some(asker) = self.wishes.take(number) {
                    let _ = asker.send(Err(fault));
                }
            }
        }
    }

    /// Makes changes, and has memory know of them.
    async fn change_in(&self, stores: &mut Option<Cascade>, mut wishes: Vec<Wish>) -> Vec<Result<Changed, Fault>> {
        if wishes.is_empty() {
            return Vec::new();
        }
        let asked: Vec<Vec<AccountKey>> = wishes.iter().map(|wish| wish.accounts().to_vec()).collect();
        // It has to end before its callers are told that it takes too long.
        let until = Instant::now() + STORE_WITHIN - Duration::from_millis(500);
        let change = move |store: &mut Cascade| Ok(store.change_all(&mut wishes, until, fault::from_store));
        let outcomes = match with_store(stores, change).await {
            Ok(outcomes) => outcomes,
            Err(fault) => asked.iter().map(|_| Err(fault.clone())).collect(),
        };
        if let Some(memory) = lock(&self.memory).as_mut() {
            for (asked, outcome) in asked.iter().zip(&outcomes) {
                outcome.iter().for_each(|changed| memory.take_in(asked, changed));
            }
        }
        outcomes
    }
}

fn put(record: Record) -> Change {
    Change::Put(Box::new(record))
}

fn has(record: &Record, secret: &Secret) -> bool {
    record.credential().secret().matches(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Agent;
    use crate::base::{Paths, StoreChoice, TokenSource};

    #[tokio::test]
    async fn whoever_renews_hears_that_the_account_has_something_else_by_now() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::File)), false);
        let account = AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), None);
        let secret = |text: &str| Secret::new(text.into());
        let credential = |text: &str| Credential::token(secret(text), TokenSource::Loom);
        agent.accounts.keep(account.clone(), None, credential("old"), |_| true).await.unwrap();
        assert!(agent.accounts.replace(&account, &secret("old"), credential("renewed")).await);
        assert!(!agent.accounts.replace(&account, &secret("old"), credential("late")).await);
        agent.accounts.forget([(account.clone(), secret("renewed"))].into()).await.1.unwrap();
        assert!(!agent.accounts.replace(&account, &secret("renewed"), credential("late")).await);
    }

    #[tokio::test]
    async fn what_a_store_made_and_did_not_answer_counts_as_made() {
        let dir = tempfile::tempdir().unwrap();
        let agent = || Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::File)), false);
        let (agent, other) = (agent(), agent());
        let account = AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), None);
        let secret = |text: &str| Secret::new(text.into());
        let credential = |text: &str| Credential::token(secret(text), TokenSource::Loom);
        let record = |all: &Index| all.get(&account).map(|held| held.record().clone()).unwrap();
        agent.accounts.keep(account.clone(), None, credential("old"), |_| true).await.unwrap();
        let old = agent.accounts.with(record).await.unwrap();
        other.accounts.with(|_| ()).await.unwrap();
        // The store has it, and whoever asked was told of an error.
        assert!(other.accounts.replace(&account, &secret("old"), credential("renewed")).await);
        assert!(agent.accounts.replace(&account, &secret("old"), credential("renewed")).await, "it is there");
        // Memory took it for unsaved, and the server counts it as used up by now.
        let unsaved = old.renewed(credential("renewed"));
        lock(&agent.accounts.memory).as_mut().unwrap().insert_unsaved(unsaved, StoredIn::File, InStore::of(&old));
        assert!(agent.accounts.replace(&account, &secret("renewed"), credential("once more")).await);
        let kept = other.accounts.with(record).await.unwrap();
        assert!(kept.credential().secret().matches(&secret("once more")));
    }
}
