//! Floor 5: the only place that decides.
//!
//! Each folder is a room: a struct that owns its state and has a few handles to rooms below it. This file puts them
//! together, and is the only `impl Agent`: what takes all rooms stands here. A verb is one file under `verbs`;
//! `call/dispatch` is the table of them.

mod accounts;
mod api;
mod blocking;
mod call;
mod doors;
mod fair;
mod fault;
mod gate;
mod life;
mod login;
mod proxy;
mod upstream;
mod verbs;

use std::sync::{Arc, OnceLock};

use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

pub use api::ends_here;
pub use call::caller::{Caller, WRITE_WITHIN};
pub use call::dispatch::{answer, is_hello};
pub use call::handover::Handover;
pub use doors::{DoorOrder, Doors, OwnDoor, RestrictedDoor};
pub use fair::party::Party;
pub use fair::places::{Place, Places};
pub use gate::Gate;
pub use gate::asker::{Asker, Peer};
pub use gate::guest::{Guest, Shown};
pub use gate::open_http::{NamedIssuer, OpenHttp};
pub use life::stopping::{Busy, Stopping};
pub use proxy::{Incoming, Reply, shown_token};

use crate::access::{Authority, Ledger};
use crate::agent::accounts::Accounts;
use crate::agent::gate::lasting::Begun;
use crate::agent::gate::needs::NOTHING;
use crate::agent::life::auditing::{Auditing, Who};
use crate::agent::life::disk::Disk;
use crate::agent::life::flights::Flights;
use crate::agent::life::locking::{Due, Locking};
use crate::agent::life::settings::Settings;
use crate::agent::life::thrift::keep_little;
use crate::agent::proxy::{Client, Proxy, Way};
use crate::agent::upstream::Upstream;
use crate::agent::upstream::network::Network;
use crate::base::{Locale, Paths, Secret, StoreChoice};
use crate::os::memory::Unchanging;
use crate::wire::{AgentStatus, Code, Fault, Warning};

/// The agent, put together from its rooms.
pub struct Agent {
    paths: Paths,
    /// Its memory is kept out of swap.
    memory_locked: bool,
    /// What it gives back while nobody asks.
    unchanging: OnceLock<Unchanging>,
    /// The agent's end: asking for it, and waiting for it.
    pub stopping: Arc<Stopping>,
    audit: Arc<Auditing>,
    pub(crate) settings: Arc<Settings>,
    disk: Arc<Disk>,
    /// Logins that are under way.
    flights: Arc<Flights>,
    lock: Arc<Locking>,
    network: Arc<Network>,
    accounts: Arc<Accounts>,
    upstream: Arc<Upstream>,
    proxy: Arc<Proxy>,
    /// Who asks, and what they may do.
    pub gate: Arc<Gate>,
    /// The sockets and the HTTP door, which `listen` opens.
    pub doors: Arc<Doors>,
}

impl Agent {
    /// An agent for these directories; `store_choice` beats the settings. Nothing is opened or read before somebody
    /// asks.
    pub fn new(paths: Paths, store_choice: Option<StoreChoice>, memory_locked: bool) -> Arc<Agent> {
        let stopping = Arc::new(Stopping::default());
        let ledger = Arc::new(Ledger::new(&paths));
        let audit = Arc::new(Auditing::new(&paths, ledger.clone(), stopping.clone()));
        let settings = Arc::new(Settings::new(&paths, store_choice, audit.clone()));
        let disk = Arc::new(Disk::new(&paths));
        let flights = Arc::new(Flights::default());
        let lock = Locking::new(&paths, settings.clone(), disk.clone(), flights.clone(), stopping.clone());
        let lock = Arc::new(lock);
        let network = Arc::new(Network::new(settings.clone()));
        let accounts = Accounts::new(&paths, settings.clone(), lock.clone());
        let upstream = Upstream::new(&paths, accounts.clone(), network.clone(), audit.clone(), stopping.clone());
        let gate = Gate::new(&paths, ledger, settings.clone(), audit.clone(), network.clone());
        let proxy = Proxy::new(upstream.clone(), audit.clone());
        let doors = Doors::new(&paths, gate.clone(), settings.clone(), audit.clone(), stopping.clone());
        let doors = Arc::new(doors);
        Arc::new(Agent {
            paths,
            memory_locked,
            unchanging: OnceLock::new(),
            stopping,
            audit,
            settings,
            disk,
            flights,
            lock,
            network,
            accounts,
            upstream,
            proxy,
            gate,
            doors,
        })
    }

    /// Takes what this process had when it began and can have again, to give it back while nobody asks.
    pub fn may_give_back(&self, unchanging: Unchanging) {
        let _ = self.unchanging.set(unchanging);
    }

    /// Does what nobody asks for, until [`end`](Self::end): renewing, locking, closing doors of those whose rights
    /// ended, writing the log, keeping little.
    pub fn begin(self: &Arc<Self>) {
        tokio::spawn(self.upstream.clone().do_chores(self.disk.clone()));
        tokio::spawn(self.clone().lock_when_due());
        tokio::spawn(self.doors.clone().close_what_ended());
        tokio::spawn(self.audit.clone().write());
        let doors = self.doors.clone();
        let (stopping, unchanging) = (self.stopping.clone(), self.unchanging.get().cloned().unwrap_or_default());
        tokio::spawn(async move { keep_little(&stopping, &unchanging).await });
        tokio::spawn(async move { doors.open_http_of_settings().await });
    }

    /// What anybody may know of it.
    pub(crate) fn status(&self) -> AgentStatus {
        AgentStatus {
            running: true,
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            locked: self.lock.is_locked(),
            memory_locked: self.memory_locked,
            http: self.doors.http_url(),
        }
    }

    /// Serves the requests of programs that know nothing of the agent, of which `read` was read already, for as long as
    /// whoever handed the connection over has their rights. Everything under way ends with that.
    pub async fn hand_on(
        &self,
        handover: &Handover,
        read: &[u8],
        input: impl AsyncRead + Send + Unpin,
        output: impl AsyncWrite + Send + Unpin,
    ) {
        let Handover { begun, who, token, only } = handover;
        let way = token.clone().map_or(Way::Socket { only: only.clone() }, Way::Port);
        let client = Client { authority: begun.authority.clone(), who: who.clone(), way };
        tokio::select! {
            () = proxy::serve(&self.proxy, &client, read, input, output) => {}
            _ = self.gate.ended(begun) => {}
            () = self.stopping.asked() => {}
            () = self.lock.closed_again() => {}
        }
    }

    /// Answers one request of a program that knows nothing of the agent, whose user came through the HTTP door and
    /// finds servers below this URL.
    pub async fn hand_on_of_guest(&self, guest: &Guest, below: String, request: Request<Incoming>) -> Response<Reply> {
        self.lock.note_request(true);
        let begun = Begun { authority: guest.authority().clone(), needs: NOTHING, servers: Vec::new() };
        let client = Client { authority: guest.authority().clone(), who: guest.who(), way: Way::Door(below) };
        let gate = self.gate.clone();
        self.proxy.answer_while(&client, request, async move { gate.ended(&begun).await }).await
    }

    /// Lets in who speaks HTTP at a socket that has rights of its own, without a frame. `only` is the one server that
    /// they said they want.
    pub async fn let_in(&self, asker: Asker<'_>, only: Option<String>) -> Result<Handover, Fault> {
        let authority = self.gate.authority_at_door(asker).await?;
        self.gate.note_token(asker, &authority);
        self.lock.note_request(true);
        let who = asker.who(&authority);
        let begun = Begun { authority, needs: NOTHING, servers: Vec::new() };
        self.audit.note("proxy.open", who.clone(), None, Ok(()));
        Ok(Handover { begun, who, token: None, only })
    }

    /// What is not as it should be although the agent goes on, for whoever may ask about everything.
    pub(crate) fn warnings(&self, authority: &Authority, locale: Locale) -> Vec<Warning> {
        let mut warnings = self.doors.http_warnings(authority, locale);
        warnings.extend(self.upstream.revocation_warnings(authority, locale));
        warnings
    }

    /// Notes that the agent begins to answer.
    pub fn note_start(&self) {
        self.audit.note_start();
    }

    /// What is left to write once nobody is answered any more: what no store has taken so far would end with this
    /// memory, a login whose refresh token the server has changed.
    pub async fn end(&self) {
        self.upstream.forget_revocations(Code::Unavailable);
        let noted = async {
            self.gate.forget_devices().await;
            self.audit.end().await;
        };
        tokio::join!(self.accounts.save_again(), noted);
    }

    /// Locks: from now on nobody gets anything, and what was kept in memory is gone when this returns; calls and logins
    /// under way end with what they hold. A renewal is waited for, because its server may have taken back what is
    /// stored. Says whether it was open when this had its turn, however it was before.
    pub(crate) async fn lock(&self) -> bool {
        let was_open = self.lock.close();
        let _turn = self.lock.turn().await;
        // Whoever had the turn may have unlocked it.
        let was_opened = self.lock.close();
        let _renewals = self.upstream.all_turns().await;
        self.accounts.forget_memory().await;
        self.upstream.forget_revocations(Code::Locked);
        self.gate.forget_everybody().await;
        self.proxy.forget();
        self.lock.key.lock();
        was_open || was_opened
    }

    /// Locks every agent of these stores; `everywhere` is `false` where only this one could be locked.
    pub(crate) async fn lock_everywhere(&self) -> Locked {
        let was_closed = self.lock.is_closed_everywhere();
        let everywhere = self.lock.close_everywhere().await;
        let was_opened = self.lock().await;
        Locked { everywhere, changed: !was_closed || was_opened }
    }

    /// Locks without being asked over the socket.
    pub async fn lock_by_itself(&self) {
        if !self.lock.is_closed() {
            self.lock_and_note().await;
        }
    }

    /// Unlocks, with the passphrase where one is needed. Says whether it was locked when this had its turn.
    pub(crate) async fn unlock(&self, passphrase: Option<Secret>) -> Result<bool, Fault> {
        let (was_locked, _turn) = self.lock.open_key(passphrase).await?;
        if let Err(fault) = self.lock.open_everywhere().await {
            // It stays locked, and holds no key.
            self.lock.key.lock();
            return Err(fault);
        }
        self.lock.note_request(true);
        Ok(was_locked)
    }

    async fn lock_when_due(self: Arc<Self>) {
        loop {
            match self.lock.due().await {
                Due::Idle => self.lock_by_itself().await,
                // Somebody may have opened it again meanwhile.
                Due::Closed if self.lock.is_closed() => self.lock_and_note().await,
                Due::Closed => {}
            }
        }
    }

    async fn lock_and_note(&self) {
        self.lock().await;
        self.audit.note("lock", Who::agent(), None, Ok(()));
        let _ = self.audit.rights_noted().await;
    }
}

/// What locking all agents of the stores came to.
pub(crate) struct Locked {
    pub(crate) everywhere: bool,
    pub(crate) changed: bool,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::{AccountKey, Credential, ServerUrl, StoredIn, TokenSource, moment};

    #[tokio::test]
    async fn a_machine_that_slept_past_the_locks_time_gives_out_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        std::fs::create_dir(paths.config_dir()).unwrap();
        std::fs::write(paths.config_file(), "lock_after = '30m'").unwrap();
        let agent = Agent::new(paths, Some(StoreChoice::In(StoredIn::File)), false);
        tokio::spawn(agent.clone().lock_when_due());
        let account = AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), None);
        let credential = Credential::token(Secret::new("t".into()), TokenSource::Given);
        let accounts = &agent.accounts;
        accounts.keep(account, None, credential, |_| true).await.unwrap();
        agent.lock.note_request(true);
        moment::sleep(Duration::from_secs(20 * 60));
        assert_eq!(accounts.with(|all| all.iter().count()).await.unwrap(), 1);
        moment::sleep(Duration::from_secs(8 * 3600));
        // No timer has run out: the machine slept.
        let asked = accounts.with(|all| all.iter().count()).await;
        assert_eq!(asked.unwrap_err().code(), Code::Locked);
        assert!(agent.lock.is_locked());
        let empty = || accounts.look(|_| ()).is_none();
        while !empty() {
            tokio::task::yield_now().await;
        }
        agent.unlock(None).await.unwrap();
        assert_eq!(accounts.with(|all| all.iter().count()).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn of_two_who_lock_or_unlock_at_once_it_is_said_which_one_did() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::Memory)), false);
        assert!(agent.lock().await);
        assert!(!agent.lock().await);
        let turn = agent.lock.turn().await;
        let (first, second, ()) = tokio::join!(agent.unlock(None), agent.unlock(None), async { drop(turn) });
        assert_eq!((first.unwrap(), second.unwrap()), (true, false));
        agent.lock().await;
        let turn = agent.lock.turn().await;
        let opened = async {
            agent.lock.open();
            drop(turn);
        };
        let (changed, ()) = tokio::join!(agent.lock(), opened);
        assert!(changed, "it was unlocked while this one waited");
    }
}
