use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::accounts::{Accounts, Held};
use super::auditing::Auditing;
use super::chores::Chores;
use super::fault;
use super::flights::Flights;
use super::network::Network;
use super::renewals::Renewals;
use super::select;
use super::settings::Settings;
use super::stop::Stopping;
use super::turns::Turns;
use crate::base::{AccountKey, Config, Credential, Locale, Message, Paths, Secret, ServerUrl, Setting, StoreChoice};
use crate::msg;
use crate::store::{Cascade, Record, StoreError};
use crate::wire::{Code, Fault, StoredIn};

/// Everything the agent knows. Requests share it; each holds its locks for moments only, never while it waits.
pub struct Agent {
    /// Its memory is kept out of swap.
    pub(super) memory_locked: bool,
    paths: Paths,
    settings: Settings,
    /// Makes the tags of this agent's life.
    salt: [u8; 16],
    /// From `LOOM_STORE`: it beats the config file.
    pub(super) store_choice: Option<StoreChoice>,
    pub(super) accounts: Mutex<Option<Accounts>>,
    /// Held across a change of store and memory, so that both see changes in the same order.
    pub(super) changing: tokio::sync::Mutex<Option<Cascade>>,
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
        Arc::new(Agent {
            memory_locked,
            settings: Settings::new(paths.config_file()),
            salt,
            paths,
            store_choice,
            accounts: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
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
    pub(super) fn default_to(&self, server: &ServerUrl) -> Result<bool, Fault> {
        if self.config()?.default_server().is_some() {
            return Ok(false);
        }
        let set = Setting::DefaultServer.set(self.settings.path(), &server.to_string());
        set.map(|()| true).map_err(|message| Fault::new(Code::Unavailable, message))
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
        self.change(account, old, |record| record.renewed(credential)).await;
    }

    /// Notes that the grant behind this secret ended.
    pub(super) async fn end(&self, account: &AccountKey, secret: &Secret) {
        self.change(account, secret, Record::ended).await;
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

    async fn change(&self, account: &AccountKey, secret: &Secret, change: impl FnOnce(&Record) -> Record) {
        let mut changing = self.changing.lock().await;
        let changed = lock(&self.accounts)
            .as_ref()
            .and_then(|all| all.get(account))
            .filter(|held| held.secret().matches(secret))
            .map(|held| (change(held.record()), held.stored_in()));
        let Some((record, stored_in)) = changed else { return };
        let put = record.clone();
        let stored = with_store(&mut changing, move |store| store.put(&put)).await;
        let mut accounts = lock(&self.accounts);
        let accounts = accounts.get_or_insert_default();
        match stored {
            Ok(stored_in) => accounts.insert(record, stored_in),
            Err(fault) => {
                tracing::warn!(fault = fault.id(), "a renewed login is not stored yet");
                accounts.insert_unsaved(record, stored_in);
            }
        }
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
    /// A store that cannot be written does not matter here: the agent knows at least while it lives.
    pub(super) async fn note(&self, account: &AccountKey, secret: &Secret, refused: bool) {
        let mut changing = self.changing.lock().await;
        let noted = lock(&self.accounts).as_ref().and_then(|accounts| accounts.get(account)).and_then(|held| {
            let news = held.secret().matches(secret) && held.record().refused() != refused;
            news.then(|| (held.record().noted(refused), held.stored_in()))
        });
        let Some((record, stored_in)) = noted else { return };
        let put = record.clone();
        let stored_in = with_store(&mut changing, move |store| store.put(&put)).await.unwrap_or_else(|fault| {
            tracing::warn!(fault = fault.id(), "what the server said is not stored");
            stored_in
        });
        lock(&self.accounts).get_or_insert_default().insert(record, stored_in);
    }

    /// Names an account with its present secret, without giving either away; valid while this agent lives.
    pub(super) fn tag(&self, held: &Held) -> String {
        let parts = [self.salt.as_slice(), held.key().to_string().as_bytes(), b"\0", held.secret().expose().as_bytes()]
            .concat();
        let digest = Sha256::digest(Zeroizing::new(parts).as_slice());
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
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

    async fn claim(&self, server: &ServerUrl) -> Result<bool, Fault> {
        let mut changing = self.changing.lock().await;
        self.load(&mut changing).await?;
        let wanted = server.clone();
        let claimed = with_store(&mut changing, move |store| store.claim(&wanted)).await?;
        let Some((record, stored_in)) = claimed else { return Ok(false) };
        lock(&self.accounts).get_or_insert_default().insert(record, stored_in);
        Ok(true)
    }

    /// Opens and reads the store unless that was done; a failure is tried again with the next request.
    pub(super) async fn load(&self, changing: &mut Option<Cascade>) -> Result<(), Fault> {
        if changing.is_some() {
            return Ok(());
        }
        let choice = self.store_choice.unwrap_or(self.config()?.store());
        let paths = self.paths.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let mut store = Cascade::open(choice, &paths)?;
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
