//! What is kept. Memory is a copy of the stores: it is compared with them before it is used, and changed after them.
//!
//! Which account is meant. The key of a credential is server and user name. The oldest account of a server is its
//! default, so a second login never takes over what git uses; the settings may name another one (`loom switch`).
//! Logging in anew to an account keeps its age. A name means the account; else the one with which git sends it; else,
//! last, the login of the person whom the server named so, since servers put that name into the URLs they show. A wrong
//! account is worse than none: a person's name that two logins share fits neither, and what a person rejects or logs
//! out is the account of that name where there is one. At Azure, where the user in a URL is the organization and any
//! user goes with a token, a name that nobody has means for git the account of a rule, else the one account that nobody
//! named (`select::for_git`, `user_is_organization` of the known hosts). A `state` says back the name that the URL had,
//! for git repeats that of the refused answer, which is everybody's who has a token (`oauth2`).

pub(crate) mod changes;
pub(crate) mod held;
pub(crate) mod index;
mod keeping;
mod labels;
mod links;
mod long_read;
pub(crate) mod naming;
mod outage;
pub(crate) mod seen;
pub(crate) mod select;
mod stores;
mod wishes;

use std::sync::{Arc, Mutex, Weak};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::access::Authority;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::links::Links;
use crate::agent::accounts::outage::Outage;
use crate::agent::accounts::wishes::Wishes;
use crate::agent::life::locking::Locking;
use crate::agent::life::settings::Settings;
use crate::base::{Locale, Paths, ServerUrl, StoreChoice, hex, lock};
use crate::store::{Cascade, Lookout};
use crate::wire::Fault;

/// Every account. Requests share it; each holds its locks for moments only, never while it waits.
pub(crate) struct Accounts {
    /// A handle to itself, for a change that goes on after its caller has gone.
    own: Weak<Accounts>,
    paths: Paths,
    settings: Arc<Settings>,
    lock: Arc<Locking>,
    /// Makes the tags of this agent's life.
    salt: [u8; 16],
    /// A copy of what the stores have; nothing before they were read, and while the agent is locked.
    memory: Mutex<Option<Index>>,
    /// Tells whether the stores changed, once they were opened.
    lookout: Mutex<Option<Lookout>>,
    /// The choice of stores by which they were opened.
    opened_as: Mutex<Option<StoreChoice>>,
    /// Held by whoever reads the stores anew, so that a crowd shares one reading.
    reading: tokio::sync::Mutex<()>,
    outage: Mutex<Option<Outage>>,
    /// Held across a change of store and memory, so that both see changes in the same order.
    changing: tokio::sync::Mutex<Option<Cascade>>,
    /// Changes that wait for it.
    wishes: Wishes,
    /// Where the directories of rules lead.
    links: Links,
}

impl Accounts {
    pub(crate) fn new(paths: &Paths, settings: Arc<Settings>, lock: Arc<Locking>) -> Arc<Accounts> {
        let mut salt = [0; 16];
        // Without randomness tags could be foreseen; they open nothing, they only say what was tried.
        let _ = getrandom::fill(&mut salt);
        Arc::new_cyclic(|own| Accounts {
            own: own.clone(),
            paths: paths.clone(),
            settings,
            lock,
            salt,
            memory: Mutex::default(),
            lookout: Mutex::default(),
            opened_as: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            outage: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            wishes: Wishes::default(),
            links: Links::default(),
        })
    }

    /// Forgets everything in memory, after what no store has taken yet was offered again. The caller has closed the
    /// agent before, so that nobody reads the stores into memory again.
    pub(crate) async fn forget_memory(&self) {
        self.save_again().await;
        let mut changing = self.changing.lock().await;
        *lock(&self.memory) = None;
        *changing = None;
    }

    /// Gives out nothing any more if the time of the lock is over, before anybody has an answer: a machine that slept
    /// wakes its timers late.
    pub(crate) fn lock_if_due(&self) {
        if self.lock.is_overdue() && self.look(|_| ()).is_some() && !self.lock.is_locked() {
            self.lock.close_soon();
        }
    }

    /// Whether nothing is given out at the moment, and nothing that is secret may come into memory.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock.is_closed()
    }

    /// The account that a person with these rights means; what an older Loom kept for the server becomes the owner's on
    /// the way.
    pub(crate) async fn for_person<R>(
        &self,
        authority: &Authority,
        server: &ServerUrl,
        user: Option<&str>,
        look: impl Fn(&Held) -> R,
    ) -> Result<Option<R>, Fault> {
        self.find(authority, server, |accounts| {
            select::for_person(accounts.seen_by(authority), server, user).map(&look)
        })
        .await
    }

    /// The account that a person means whose secret is to be used at this server, which may be lent to it. `look` is
    /// also told the user name that is sent with it.
    pub(crate) async fn for_use<R>(
        &self,
        authority: &Authority,
        server: &ServerUrl,
        user: Option<&str>,
        look: impl Fn(&Held, &str) -> R,
    ) -> Result<Option<R>, Fault> {
        let config = self.settings.config()?;
        self.find(authority, server, |accounts| {
            let seen = accounts.seen_by(authority).and_lent_to(server, &config);
            select::for_person(seen, server, user).map(|held| look(held, seen.sent_user(held)))
        })
        .await
    }

    async fn find<R>(
        &self,
        authority: &Authority,
        server: &ServerUrl,
        find: impl Fn(&Index) -> Option<R>,
    ) -> Result<Option<R>, Fault> {
        match self.with(&find).await? {
            Some(found) => Ok(Some(found)),
            None if authority.is_owner() && self.claim(server).await? => self.with(&find).await,
            None => self.outage().map_or(Ok(None), Err),
        }
    }

    /// Names an account with its present secret, without giving either away; valid while this agent lives.
    pub(crate) fn tag(&self, held: &Held) -> String {
        let parts = [self.salt.as_slice(), held.key().to_string().as_bytes(), b"\0", held.secret().expose().as_bytes()]
            .concat();
        let digest = Sha256::digest(Zeroizing::new(parts).as_slice());
        hex(&digest[..8])
    }

    /// The sentence that says why the keyring is not used, or that it is used from now on; `None` once it was said.
    pub(crate) fn unsaid(&self, locale: Locale) -> Option<String> {
        lock(&self.lookout).as_ref().and_then(Lookout::news).map(|news| locale.render(&news))
    }
}
