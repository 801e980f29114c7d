use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::accounts::{Accounts, Held};
use super::auditing::Auditing;
use super::chores::Chores;
use super::devices::Devices;
use super::doors::Doors;
use super::fault;
use super::flights::Flights;
use super::issued::Issued;
use super::locking::Locking;
use super::network::Network;
use super::people::People;
use super::renewals::Renewals;
use super::select;
use super::settings::Settings;
use super::stop::Stopping;
use super::turns::Turns;
use crate::base::{Config, Locale, Message, Paths, ServerUrl, Setting, StoreChoice, hex};
use crate::msg;
use crate::store::{Cascade, StoreError, StoreKey};
use crate::wire::{Code, Fault};

/// Everything the agent knows. Requests share it; each holds its locks for moments only, never while it waits.
pub struct Agent {
    /// Its memory is kept out of swap.
    pub(super) memory_locked: bool,
    paths: Paths,
    pub(super) settings: Settings,
    /// Makes the tags of this agent's life.
    salt: [u8; 16],
    /// From `LOOM_STORE`: it beats the config file.
    pub(super) store_choice: Option<StoreChoice>,
    pub(super) accounts: Mutex<Option<Accounts>>,
    /// Held across a change of store and memory, so that both see changes in the same order.
    pub(super) changing: tokio::sync::Mutex<Option<Cascade>>,
    pub(super) key: StoreKey,
    pub(super) locking: Locking,
    pub(super) issued: Issued,
    pub(super) doors: Doors,
    pub(super) people: People,
    pub(super) devices: Devices,
    pub(super) auditing: Auditing,
    pub(super) network: Network,
    pub(super) renewals: Renewals,
    pub(super) turns: Turns,
    pub(super) chores: Chores,
    /// Why the keyring is not used, until it was said once.
    unsaid: Mutex<Option<Message>>,
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
        Arc::new(Agent {
            memory_locked,
            settings: Settings::new(paths.config_file()),
            salt,
            paths,
            store_choice,
            accounts: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            key,
            locking: Locking::default(),
            issued,
            doors: Doors::default(),
            people: People::default(),
            devices: Devices::default(),
            auditing,
            network: Network::default(),
            renewals: Renewals::default(),
            turns: Turns::default(),
            chores: Chores::default(),
            unsaid: Mutex::default(),
            flights: Flights::default(),
            stopping: Stopping::default(),
        })
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The config file as it is now: a person may have edited it.
    pub(super) fn config(&self) -> Result<Arc<Config>, Fault> {
        self.settings.config().map_err(|message| Fault::new(Code::BadRequest, message).hint(msg!("hint-config")))
    }

    /// Which store to use: `LOOM_STORE`, else the settings.
    pub(super) fn store_choice(&self) -> Result<StoreChoice, Fault> {
        self.store_choice.map_or_else(|| Ok(self.config()?.store()), Ok)
    }

    /// The server a request means: the one it names, else the default one; never one that would be reached in clear.
    pub(super) fn server(&self, named: Option<ServerUrl>) -> Result<ServerUrl, Fault> {
        let config = self.config()?;
        let server = named.or_else(|| config.default_server().cloned()).ok_or_else(fault::no_server)?;
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

    /// Looks at the accounts, reading the store first if that has not been done.
    pub(super) async fn with_accounts<R>(&self, look: impl FnOnce(&Accounts) -> R) -> Result<R, Fault> {
        if let Some(accounts) = &*lock(&self.accounts) {
            return Ok(look(accounts));
        }
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        drop(changing);
        match &*lock(&self.accounts) {
            Some(accounts) => Ok(look(accounts)),
            None => Err(Fault::new(Code::Internal, msg!("internal"))),
        }
    }

    /// Looks at the accounts if they have been read already.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Accounts) -> R) -> Option<R> {
        lock(&self.accounts).as_ref().map(look)
    }

    /// The account a person means; what an older Loom kept for the server becomes ours on the way.
    pub(super) async fn for_person<R>(
        &self,
        server: &ServerUrl,
        user: Option<&str>,
        look: impl Fn(&Held) -> R,
    ) -> Result<Option<R>, Fault> {
        let find = |accounts: &Accounts| select::for_person(accounts, server, user).map(&look);
        match self.with_accounts(find).await? {
            Some(found) => Ok(Some(found)),
            None if self.claim(server).await? => self.with_accounts(find).await,
            None => Ok(None),
        }
    }

    /// Names an account with its present secret, without giving either away; valid while this agent lives.
    pub(super) fn tag(&self, held: &Held) -> String {
        let parts = [self.salt.as_slice(), held.key().to_string().as_bytes(), b"\0", held.secret().expose().as_bytes()]
            .concat();
        let digest = Sha256::digest(Zeroizing::new(parts).as_slice());
        hex(&digest[..8])
    }

    /// Why the keyring is not used, in this language, the first time this is asked.
    pub(super) fn unsaid(&self, locale: Locale) -> Option<String> {
        lock(&self.unsaid).take().map(|reason| locale.render(&msg!("note-file-store").because(reason)))
    }

    /// The keys under which an older Loom kept what nobody claimed yet.
    pub(super) async fn unclaimed(&self) -> Result<Vec<String>, Fault> {
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        with_store(&mut changing, Cascade::legacy_keys).await
    }

    /// Opens and reads the store unless that was done; a failure is tried again with the next request.
    pub(super) async fn load(&self, changing: &mut Option<Cascade>) -> Result<(), Fault> {
        if self.locking.is_locked() {
            return Err(fault::locked());
        }
        if changing.is_some() {
            return Ok(());
        }
        let choice = self.store_choice()?;
        let (paths, key) = (self.paths.clone(), self.key.clone());
        let opened = tokio::task::spawn_blocking(move || {
            let mut store = Cascade::open(choice, &paths, &key)?;
            let all = store.load()?;
            Ok::<_, StoreError>((store, all))
        });
        let (store, all) =
            opened.await.map_err(|_| Fault::new(Code::Internal, msg!("internal")))?.map_err(fault::from_store)?;
        *lock(&self.unsaid) = store.fallback().cloned();
        *lock(&self.accounts) = Some(Accounts::new(all));
        *changing = Some(store);
        Ok(())
    }
}

/// Runs a call on the store, which may block, on a thread that may.
pub(super) async fn with_store<R: Send + 'static>(
    changing: &mut Option<Cascade>,
    call: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
) -> Result<R, Fault> {
    let internal = || Fault::new(Code::Internal, msg!("internal"));
    let mut store = changing.take().ok_or_else(internal)?;
    let called = tokio::task::spawn_blocking(move || {
        let outcome = call(&mut store);
        (store, outcome)
    });
    let (store, outcome) = called.await.map_err(|_| internal())?;
    *changing = Some(store);
    outcome.map_err(fault::from_store)
}

/// A panic elsewhere leaves these values whole: they change in single steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
