//! While the keyring cannot be read, and where it has what nobody can read.
//!
//! A keyring that cannot be read takes nothing away from what is in memory: that is given out, a question for anything
//! else gets the reason as its answer, and each question tries again. What changed in the file meanwhile counts. An
//! item of ours that is no record any more hides no other; `status`, `doctor` and the answer to whoever misses it say
//! so.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::access::Authority;
use crate::agent::accounts::Accounts;
use crate::agent::accounts::index::Index;
use crate::agent::fault;
use crate::base::lock;
use crate::base::{AccountKey, ServerUrl, StoredIn};
use crate::store::{Lookout, Record, Version};
use crate::wire::Fault;

/// That the keyring cannot be read, since when, and why.
pub(crate) struct Outage {
    /// When reading it failed last.
    pub(crate) since: Instant,
    /// When reading it failed first.
    pub(crate) first: Instant,
    pub(crate) fault: Fault,
}

impl Accounts {
    /// Why something that is kept may not be in memory.
    pub(crate) fn outage(&self) -> Option<Fault> {
        lock(&self.outage).as_ref().map(|outage| outage.fault.clone())
    }

    /// Whether there is something in memory to go on with while the keyring cannot be read: nothing but its count is
    /// another than when it was read.
    pub(crate) fn only_the_keyring_changed(&self) -> bool {
        let now = lock(&self.lookout).as_ref().map(Lookout::look);
        let known = lock(&self.memory).as_ref().map(|accounts| accounts.version().clone());
        now.zip(known).is_some_and(|(now, known)| now.differs_in_keyring_only(&known))
    }

    /// Takes in what changed elsewhere than in the keyring, which cannot be read. `false` where there is nothing in
    /// memory.
    pub(crate) async fn goes_on_without_keyring(&self) -> bool {
        let has_keyring = |accounts: &Index| accounts.iter().any(|held| held.stored_in().may_be_away());
        if !self.look(has_keyring).unwrap_or_default() {
            return false;
        }
        let read = self.read_stores(|store| {
            let version = store.lookout().look();
            Ok((store.load_others()?, version))
        });
        let Ok((others, version)) = read.await else { return false };
        if let Some(accounts) = &mut *lock(&self.memory) {
            accounts.read_others(others, version);
        }
        true
    }

    /// The accounts of which the keyring has only something that is no record any more.
    pub(crate) fn damaged(&self, is_meant: impl Fn(&AccountKey) -> bool) -> Vec<AccountKey> {
        let damaged = |accounts: &Index| accounts.damaged().iter().filter(|key| is_meant(key)).cloned().collect();
        self.look(damaged).unwrap_or_default()
    }

    /// Why there is nothing at this server for a person with these rights.
    pub(crate) fn nothing_at(&self, authority: &Authority, server: &ServerUrl, user: Option<&str>) -> Fault {
        let damaged = |all: &Index| all.seen_by(authority).damaged_at(server, user).map(fault::damaged);
        self.look(damaged).flatten().unwrap_or_else(|| fault::not_logged_in(server))
    }
}

impl Index {
    /// Takes in what the other stores have while the keyring cannot be read: of what is there memory has the last that
    /// is known.
    pub(crate) fn read_others(&mut self, mut stored: BTreeMap<AccountKey, (Record, StoredIn)>, version: Version) {
        for held in self.iter().filter(|held| held.stored_in().may_be_away()) {
            let is_later = |(record, _): &(Record, StoredIn)| record.saved() > held.record().saved();
            if !stored.get(held.key()).is_some_and(is_later) {
                stored.insert(held.key().clone(), (held.record().clone(), held.stored_in()));
            }
        }
        let damaged = self.damaged().to_vec();
        self.read(stored, damaged, version.without_keyring());
    }
}
