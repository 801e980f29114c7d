use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::accounts::{Accounts, Held};
use super::auditing::Auditing;
use super::blocking::{in_time, within};
use super::chores::Chores;
use super::devices::Devices;
use super::doors::Doors;
use super::fault;
use super::flights::Flights;
use super::issued::Issued;
use super::links::Links;
use super::lock_note::LockNote;
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
use crate::store::{Cascade, Lookout, StoreError, StoreKey};
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
    /// A copy of what the stores have; compared with them before it is used.
    pub(super) accounts: Mutex<Option<Accounts>>,
    /// Tells whether the stores changed, once they were opened.
    lookout: Mutex<Option<Lookout>>,
    /// Held by whoever reads the stores anew, so that a crowd shares one reading.
    reading: tokio::sync::Mutex<()>,
    outage: Mutex<Option<Outage>>,
    /// Held across a change of store and memory, so that both see changes in the same order.
    pub(super) changing: tokio::sync::Mutex<Option<Cascade>>,
    pub(super) lock_note: LockNote,
    pub(super) key: StoreKey,
    pub(super) locking: Locking,
    pub(super) issued: Issued,
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
        let lock_note = LockNote::new(&paths);
        Arc::new(Agent {
            memory_locked,
            settings: Settings::new(paths.config_file()),
            salt,
            paths,
            store_choice,
            accounts: Mutex::default(),
            lookout: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            outage: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            lock_note,
            key,
            locking: Locking::default(),
            issued,
            doors: Doors::default(),
            people: People::default(),
            devices: Devices::default(),
            auditing,
            network: Network::default(),
            links: Links::default(),
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

    /// Looks at the accounts as the stores have them now, whoever changed them.
    pub(super) async fn with_accounts<R>(&self, look: impl FnOnce(&Accounts) -> R) -> Result<R, Fault> {
        self.refresh().await?;
        self.look(look).ok_or_else(fault::locked)
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

    /// Why the keyring is not used, in this language, the first time this is asked.
    pub(super) fn unsaid(&self, locale: Locale) -> Option<String> {
        lock(&self.unsaid).take().map(|reason| locale.render(&msg!("note-file-store").because(reason)))
    }

    /// The keys under which an older Loom kept what nobody claimed yet.
    pub(super) async fn unclaimed(&self) -> Result<Vec<String>, Fault> {
        self.read_stores(Cascade::legacy_keys).await
    }

    /// The stores, for whoever changes something; one at a time.
    pub(super) async fn stores(&self) -> Result<Stores<'_>, Fault> {
        self.allow().await?;
        let mut stores = self.exclusive().await?;
        if stores.is_none() {
            let store = self.opened().await?;
            *lock(&self.lookout) = Some(store.lookout());
            *lock(&self.unsaid) = store.fallback().cloned();
            *stores = Some(store);
        }
        Ok(stores)
    }

    /// The same without opening them.
    pub(super) async fn exclusive(&self) -> Result<Stores<'_>, Fault> {
        let stores = in_time(STORE_WITHIN, async { Ok(self.changing.lock().await) }).await?;
        if self.locking.is_locked() { Err(fault::locked()) } else { Ok(stores) }
    }

    /// Other stores are in use from now on.
    pub(super) fn look_at(&self, lookout: Lookout) {
        *lock(&self.lookout) = Some(lookout);
    }

    /// Nobody gets anything from an agent that is locked, by whichever agent of the same stores.
    async fn allow(&self) -> Result<(), Fault> {
        self.lock_if_due();
        self.obey_lock().await;
        if self.locking.is_locked() { Err(fault::locked()) } else { Ok(()) }
    }

    /// Has in memory what the stores have. Most often one look tells that nothing changed; else they are read, which waits
    /// for nobody who changes something.
    async fn refresh(&self) -> Result<(), Fault> {
        self.allow().await?;
        let is_current = || {
            let version = lock(&self.lookout).as_ref().map(Lookout::look);
            version.is_some_and(|now| lock(&self.accounts).as_ref().is_some_and(|known| *known.version() == now))
        };
        if is_current() {
            return Ok(());
        }
        self.read_until(is_current).await
    }

    /// Has in memory what the stores have, whatever a look tells: over a network it may be seconds old.
    pub(super) async fn read_anew(&self) -> Result<(), Fault> {
        self.allow().await?;
        self.read_until(|| false).await
    }

    async fn read_until(&self, is_current: impl Fn() -> bool) -> Result<(), Fault> {
        let asked = Instant::now();
        let _reading = in_time(STORE_WITHIN, async { Ok(self.reading.lock().await) }).await?;
        if lock(&self.outage).as_ref().is_some_and(|outage| outage.since >= asked) {
            // Whoever asked before found out for all who waited.
            return Ok(());
        }
        // What somebody changed while it was read may not be in what was read.
        for _ in 0..READS {
            if is_current() {
                return Ok(());
            }
            let known = self.look(Accounts::changes);
            let read = self.read_stores(|store| {
                let version = store.lookout().look();
                Ok((store.load()?, version))
            });
            let read = match self.only_the_keyring_changed() {
                true => timeout(OUTAGE_AFTER, read).await.unwrap_or_else(|_| Err(fault::keyring_hangs())),
                false => read.await,
            };
            let (all, version) = match read {
                // What is in memory is as good as what nobody can read, until somebody can.
                Err(fault) if fault.code() == Code::Unavailable && self.only_the_keyring_changed() => {
                    *lock(&self.outage) = Some(Outage { since: Instant::now(), fault });
                    return Ok(());
                }
                read => read?,
            };
            *lock(&self.outage) = None;
            let mut accounts = lock(&self.accounts);
            // Whoever locks closes first and then clears this.
            if self.locking.is_locked() {
                return Err(fault::locked());
            }
            if accounts.as_ref().map(Accounts::changes) == known {
                accounts.get_or_insert_default().read(all, version);
                return Ok(());
            }
        }
        Err(fault::store_busy())
    }

    /// Whether there is something in memory to go on with while the keyring cannot be read: nothing but its count is another
    /// than when it was read.
    fn only_the_keyring_changed(&self) -> bool {
        let now = lock(&self.lookout).as_ref().map(Lookout::look);
        let known = lock(&self.accounts).as_ref().map(|accounts| accounts.version().clone());
        now.zip(known).is_some_and(|(now, known)| now.differs_in_keyring_only(&known))
    }

    /// Why something that is kept may not be in memory.
    pub(super) fn outage(&self) -> Option<Fault> {
        lock(&self.outage).as_ref().map(|outage| outage.fault.clone())
    }

    /// Reads something from the stores: from those at hand, or through others while somebody changes something there.
    pub(super) async fn read_stores<R: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, Fault> {
        let is_shared = lock(&self.lookout).as_ref().is_some_and(Lookout::is_shared);
        let mut others = match self.changing.try_lock() {
            Ok(mut stores) if stores.is_some() => return with_store(&mut stores, read).await,
            Err(_) if is_shared => Some(self.opened().await?),
            Ok(_) | Err(_) => None,
        };
        match others {
            Some(_) => with_store(&mut others, read).await,
            None => with_store(&mut *self.stores().await?, read).await,
        }
    }

    async fn opened(&self) -> Result<Cascade, Fault> {
        let choice = self.store_choice()?;
        let (paths, key) = (self.paths.clone(), self.key.clone());
        within(STORE_WITHIN, move || Cascade::open(choice, &paths, &key).map_err(fault::from_store)).await
    }
}

/// The keyring cannot be read.
struct Outage {
    since: Instant,
    fault: Fault,
}

/// A keyring that changed and does not say what it has for so long hangs, and memory has to do.
const OUTAGE_AFTER: Duration = Duration::from_millis(500);

/// The stores while one changes something in them.
pub(super) type Stores<'a> = tokio::sync::MutexGuard<'a, Option<Cascade>>;

/// Longer than a store takes that works. Whoever asked is told; what hangs ends when it ends.
pub(super) const STORE_WITHIN: Duration = Duration::from_secs(8);

/// How often the stores are read for one question while others change them.
const READS: usize = 5;

/// Runs a call on the store, which may block, on a thread that may.
pub(super) async fn with_store<R: Send + 'static>(
    changing: &mut Option<Cascade>,
    call: impl FnOnce(&mut Cascade) -> Result<R, StoreError> + Send + 'static,
) -> Result<R, Fault> {
    let mut store = changing.take().ok_or_else(fault::internal)?;
    let (store, outcome) = within(STORE_WITHIN, move || {
        let outcome = call(&mut store);
        Ok((store, outcome))
    })
    .await?;
    *changing = Some(store);
    outcome.map_err(fault::from_store)
}

/// A panic elsewhere leaves these values whole: they change in single steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
