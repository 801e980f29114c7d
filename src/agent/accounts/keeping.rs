//! Where credentials are kept, and how they get from one place to another.

use crate::agent::accounts::Accounts;
use crate::agent::accounts::stores::with_store_in;
use crate::agent::blocking::{ALL_WITHIN, within};
use crate::agent::fault;
use crate::base::{Message, Setting, StoreChoice, StoredIn};
use crate::store::{Protection, StoreError, rekey};
use crate::wire::{Fault, reason};

impl Accounts {
    /// Where new credentials go, and why not to the keyring.
    pub(crate) async fn first_store(&self) -> Result<(StoredIn, Option<Message>), Fault> {
        let look = |store: &mut crate::store::Cascade| Ok((store.first(), store.fallback().cloned()));
        let (first, fallback) = self.read_stores(look).await?;
        Ok((first.ok_or(reason::Request::Internal)?, fallback))
    }

    /// Moves every credential, and has new ones go there, also those of the next agent.
    pub(crate) async fn migrate(&self, to: StoredIn) -> Result<usize, Fault> {
        if !to.outlives_the_agent() {
            return Err(reason::Store::MigrateToMemory.into());
        }
        let choice = StoreChoice::In(to);
        if self.settings.is_store_fixed() {
            return Err(reason::Store::MigrateFixed.into());
        }
        let mut stores = self.stores().await?;
        let (paths, key) = (self.paths.clone(), self.lock.key.clone());
        let target = with_store_in(ALL_WITHIN, &mut stores, move |store| store.copied(choice, &paths, &key)).await?;
        let set = || self.settings.set(Setting::Store, to.name().to_owned());
        let is_setting_first = target.is_setting_first();
        if is_setting_first {
            set().await?;
        }
        let moved = with_store_in(ALL_WITHIN, &mut stores, move |store| {
            let count = store.replace_by(target)?;
            Ok((count, store.lookout()))
        });
        let (count, lookout) = moved.await?;
        self.look_at(lookout, choice);
        if !is_setting_first {
            set().await?;
        }
        Ok(count)
    }

    /// Seals the file with a new key. Without a `protection` the new key is protected as the old one was.
    pub(crate) async fn rekey(&self, protection: Option<Protection>) -> Result<(), Fault> {
        let _stores = self.exclusive().await?;
        let (paths, key) = (self.paths.clone(), self.lock.key.clone());
        match within(ALL_WITHIN, move || Ok(rekey::rekey(&paths, &key, protection))).await? {
            Err(StoreError::PassphraseNeeded) => Err(reason::Lock::RekeyHow.into()),
            done => done.map_err(fault::from_store),
        }
    }
}
