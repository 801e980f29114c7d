//! Where credentials are kept, and how they get from one place to another.

use crate::agent::accounts::Accounts;
use crate::agent::accounts::stores::{with_store_in, with_store_or_late};
use crate::agent::blocking::{ALL_WITHIN, within_or_late};
use crate::agent::fault;
use crate::base::{Message, Setting, StoreChoice, StoredIn};
use crate::store::{Cascade, Protection, StoreError, rekey};
use crate::wire::{Fault, reason};

impl Accounts {
    /// Where new credentials go, and why not to the keyring.
    pub(crate) async fn first_store(&self) -> Result<(StoredIn, Option<Message>), Fault> {
        let look = |store: &mut crate::store::Cascade| Ok((store.first(), store.fallback().cloned()));
        let (first, fallback) = self.read_stores(look).await?;
        Ok((first.ok_or(reason::Request::Internal)?, fallback))
    }

    /// Moves every credential, and has new ones go there, also those of the next agent. They have moved whether or not
    /// the setting could be written afterwards, which the answer says; `late` is told if that happens after it was
    /// given up.
    pub(crate) async fn migrate(
        &self,
        to: StoredIn,
        late: impl FnOnce() + Send + 'static,
    ) -> Result<(usize, Result<(), Fault>), Fault> {
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
        let replace = move |store: &mut Cascade| Ok((store.replace_by(target)?, store.lookout()));
        let (count, lookout) = with_store_or_late(ALL_WITHIN, &mut stores, replace, late).await?;
        self.look_at(lookout, choice);
        let written = if is_setting_first { Ok(()) } else { set().await };
        Ok((count, written))
    }

    /// Seals the file with a new key. Without a `protection` the new key is protected as the old one was. `late` is
    /// told if that is done after it was given up.
    pub(crate) async fn rekey(
        &self,
        protection: Option<Protection>,
        late: impl FnOnce() + Send + 'static,
    ) -> Result<(), Fault> {
        let _stores = self.exclusive().await?;
        let (paths, key) = (self.paths.clone(), self.lock.key.clone());
        let rekey = move || {
            rekey::rekey(&paths, &key, protection).map_err(|error| match error {
                StoreError::PassphraseNeeded => reason::Lock::RekeyHow.into(),
                error => fault::from_store(error),
            })
        };
        within_or_late(ALL_WITHIN, rekey, |()| late()).await
    }
}
