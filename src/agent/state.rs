use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::access::Authority;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Accounts;
use crate::agent::accounts::links::Links;
use crate::agent::accounts::outage::Outage;
use crate::agent::accounts::select;
use crate::agent::accounts::wishes::Wishes;
use crate::agent::call::caller::Caller;
use crate::agent::doors::control::Doors;
use crate::agent::fault;
use crate::agent::gate::devices::Devices;
use crate::agent::gate::issued::Issued;
use crate::agent::gate::lasting::Lasting;
use crate::agent::gate::people::People;
use crate::agent::life::auditing::Auditing;
use crate::agent::life::disk::Disk;
use crate::agent::life::flights::Flights;
use crate::agent::life::lock_note::LockNote;
use crate::agent::life::locking::Locking;
use crate::agent::life::settings::Settings;
use crate::agent::life::stopping::Stopping;
use crate::agent::upstream::chores::Chores;
use crate::agent::upstream::network::Network;
use crate::agent::upstream::renewals::Renewals;
use crate::agent::upstream::turns::Turns;
use crate::base::{Config, Locale, Paths, ServerUrl, Setting, StoreChoice, hex};
use crate::msg;
use crate::store::{Cascade, Lookout, StoreKey};
use crate::wire::{Code, Fault};

/// Everything the agent knows. Requests share it; each holds its locks for moments only, never while it waits.
pub struct Agent {
    /// For what goes on after whoever asked has an answer.
    pub(super) own: Weak<Agent>,
    /// Its memory is kept out of swap.
    pub(super) memory_locked: bool,
    paths: Paths,
    pub(super) settings: Settings,
    /// Makes the tags of this agent's life.
    salt: [u8; 16],
    /// From `LOOM_STORE`: it beats the config file.
    pub(super) store_choice: Option<StoreChoice>,
    /// A copy of what the stores have; compared with them before it is used.
    pub(super) accounts: Mutex<Option<Accounts>>,
    /// Tells whether the stores changed, once they were opened.
    pub(super) lookout: Mutex<Option<Lookout>>,
    /// Which stores these are.
    pub(super) opened_as: Mutex<Option<StoreChoice>>,
    /// Held by whoever reads the stores anew, so that a crowd shares one reading.
    pub(super) reading: tokio::sync::Mutex<()>,
    pub(super) outage: Mutex<Option<Outage>>,
    /// Held across a change of store and memory, so that both see changes in the same order.
    pub(super) changing: tokio::sync::Mutex<Option<Cascade>>,
    /// Changes that wait for it.
    pub(super) wishes: Wishes,
    pub(super) lock_note: LockNote,
    pub(super) disk: Disk,
    pub(super) key: StoreKey,
    pub(super) locking: Locking,
    pub(super) issued: Issued,
    pub(super) lasting: Lasting,
    pub(super) doors: Doors,
    pub(super) people: People,
    pub(super) devices: Devices,
    pub(super) auditing: Auditing,
    pub(super) network: Network,
    /// Where the directories of rules lead.
    pub(super) links: Links,
    pub(super) renewals: Renewals,
    pub(super) turns: Turns,
    pub(super) chores: Chores,
    /// Logins that are under way.
    pub(super) flights: Flights,
    pub stopping: Stopping,
}

impl Agent {
    pub fn new(paths: Paths, store_choice: Option<StoreChoice>, memory_locked: bool) -> Arc<Agent> {
        let mut salt = [0; 16];
        // Without randomness tags could be foreseen; they open nothing, they only say what was tried.
        let _ = getrandom::fill(&mut salt);
        let auditing = Auditing::new(&paths);
        let key = StoreKey::new(&paths);
        let issued = Issued::new(&paths);
        let lock_note = LockNote::new(&paths);
        let disk = Disk::new(&paths);
        Arc::new_cyclic(|own| Agent {
            own: own.clone(),
            memory_locked,
            settings: Settings::new(paths.config_file()),
            salt,
            paths,
            store_choice,
            accounts: Mutex::default(),
            lookout: Mutex::default(),
            opened_as: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            outage: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            wishes: Wishes::default(),
            lock_note,
            disk,
            key,
            locking: Locking::default(),
            issued,
            lasting: Lasting::default(),
            doors: Doors::default(),
            people: People::default(),
            devices: Devices::default(),
            auditing,
            network: Network::default(),
            links: Links::default(),
            renewals: Renewals::default(),
            turns: Turns::default(),
            chores: Chores::default(),
            flights: Flights::default(),
            stopping: Stopping::default(),
        })
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The config file as it is now: a person may have edited it.
    pub(super) fn config(&self) -> Result<Arc<Config>, Fault> {
        let config = self.settings.config();
        if self.settings.were_changed() {
            // Who changed them nobody knows; from here on they count.
            self.audit("settings", self.as_actor(), None, Ok(()));
        }
        config.map_err(|message| Fault::new(Code::BadRequest, message).hint(msg!("hint-config")))
    }

    /// Which store to use: `LOOM_STORE`, else the settings.
    pub(super) fn store_choice(&self) -> Result<StoreChoice, Fault> {
        self.store_choice.map_or_else(|| Ok(self.config()?.store()), Ok)
    }

    /// The server a request means: the one it names, else the default one; never one that is not there for the one who asks,
    /// nor one that would be reached in clear.
    pub(super) fn server(
        &self,
        caller: &mut Caller<'_>,
        named: Option<ServerUrl>,
        user: Option<&str>,
    ) -> Result<ServerUrl, Fault> {
        let config = self.config()?;
        let default = config.default_server().filter(|default| caller.authority().sees(default));
        let server = named.or_else(|| default.cloned()).ok_or_else(fault::no_server)?;
        caller.is_about(&server, user)?;
        match config.permits(&server) {
            true => Ok(server),
            false => Err(fault::cleartext(&server)),
        }
    }

    /// Makes the server the default if there is none. `true` if it did.
    pub(super) async fn default_to(&self, server: &ServerUrl) -> Result<bool, Fault> {
        let _change = self.settings.changing.lock().await;
        if self.config()?.default_server().is_some() {
            return Ok(false);
        }
        self.settings.set(Setting::DefaultServer, server.to_string()).await.map(|()| true)
    }

    /// The account that a person with these rights means; what an older Loom kept for the server becomes the owner's on the way.
    pub(super) async fn for_person<R>(
        &self,
        authority: &Authority,
        server: &ServerUrl,
        user: Option<&str>,
        look: impl Fn(&Held) -> R,
    ) -> Result<Option<R>, Fault> {
        let find = |accounts: &Accounts| select::for_person(accounts.seen_by(authority), server, user).map(&look);
        match self.with_accounts(find).await? {
            Some(found) => Ok(Some(found)),
            None if authority.is_owner() && self.claim(server).await? => self.with_accounts(find).await,
            None => self.outage().map_or(Ok(None), Err),
        }
    }

    /// Names an account with its present secret, without giving either away; valid while this agent lives.
    pub(super) fn tag(&self, held: &Held) -> String {
        let parts = [self.salt.as_slice(), held.key().to_string().as_bytes(), b"\0", held.secret().expose().as_bytes()]
            .concat();
        let digest = Sha256::digest(Zeroizing::new(parts).as_slice());
        hex(&digest[..8])
    }

    /// Why the keyring is not used, or that it is from now on, in this language, the first time this is asked.
    pub(super) fn unsaid(&self, locale: Locale) -> Option<String> {
        lock(&self.lookout).as_ref().and_then(Lookout::news).map(|news| locale.render(&news))
    }
}

/// A panic elsewhere leaves these values whole: they change in single steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
