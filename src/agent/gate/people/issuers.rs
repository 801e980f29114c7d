//! What OpenID providers publish about themselves, kept for a while. A provider is asked seldom, however many strangers
//! present tokens with unknown keys, and while it does not answer what it said before counts only for a limited time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;

use crate::access::KeySet;
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::upstream::oauth_fault;
use crate::base::lock;
use crate::base::{IssuerConfig, Moment, ServerUrl};
use crate::net::Http;
use crate::oauth::OAuthError;
use crate::oauth::openid::{self, OpenIdProvider};
use crate::wire::{Fault, reason};

/// How long what an issuer publishes is believed. For as long a key may still count that the issuer has withdrawn.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// How often, in which time, an issuer is asked at most, whatever keys the tokens of strangers name.
const MOST: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);

/// How long an issuer may take to say all of it. One that failed is left alone for as long as it took to find out,
/// within these bounds: whoever asks meanwhile hears the same at once.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const LEFT_ALONE: Duration = Duration::from_secs(2);

/// Issuers that do not answer are believed for so long by what they said before. Longer would help nobody: whoever is
/// to get a token there needs them to answer.
const STALE: Duration = Duration::from_secs(60 * 60);

/// What is known of the issuers, and those that the settings do not name.
#[derive(Default)]
pub(crate) struct Issuers {
    known: Mutex<HashMap<String, Arc<Known>>>,
    /// The one of the agent's own environment.
    own: Mutex<Option<IssuerConfig>>,
}

/// What an issuer said, and when it was asked lately.
#[derive(Default)]
struct Known {
    said: Mutex<Option<(Moment, Arc<Issuer>)>>,
    failed: Mutex<Option<Failed>>,
    /// Held while it is asked. Who can do with what it said before waits for nobody.
    asked: Arc<tokio::sync::Mutex<Vec<Moment>>>,
}

/// Why it could not be asked.
struct Failed {
    at: Moment,
    left_alone: Duration,
    fault: Fault,
}

impl Known {
    /// What it said, if it is not older. What the settings say of its people is another matter.
    fn since(&self, age: Duration) -> Option<Arc<Issuer>> {
        let said = lock(&self.said);
        let (at, issuer) = said.as_ref()?;
        (at.elapsed() < age).then(|| issuer.clone())
    }

    /// Why it is left alone for a moment, if it is.
    fn failure(&self) -> Option<Fault> {
        let failed = lock(&self.failed);
        let failed = failed.as_ref()?;
        (failed.at.elapsed() < failed.left_alone).then(|| failed.fault.clone())
    }
}

/// When it was asked lately; whoever has this may ask.
type Asked = tokio::sync::OwnedMutexGuard<Vec<Moment>>;

/// An issuer as its metadata and keys describe it.
pub(crate) struct Issuer {
    pub(crate) provider: OpenIdProvider,
    pub(crate) keys: KeySet,
    pub(crate) http: Http,
}

impl Gate {
    /// An issuer that the agent's environment names, beside those of the settings.
    pub fn name_issuer(&self, issuer: IssuerConfig) {
        *lock(&self.people.issuers.own) = Some(issuer);
    }

    /// The issuers of the settings, and the one of the environment: that of whoever opened the door as it stands, else
    /// the agent's own.
    pub(crate) fn issuer_configs(&self) -> Result<Vec<IssuerConfig>, Fault> {
        let config = self.settings.config()?;
        let default_role = config.http().and_then(|http| http.default_role());
        let mut all = config.http().map(|http| http.issuers().to_vec()).unwrap_or_default();
        // Not to the one of an environment, which says nothing of whom it allows: else everybody had it who gets an
        // account there.
        for issuer in &mut all {
            issuer.default_role = issuer.default_role.or(default_role);
        }
        let named = self.http.issuer().or_else(|| lock(&self.people.issuers.own).clone());
        let is_new = |named: &IssuerConfig| !all.iter().any(|other| other.issuer.is(named.issuer.as_str()));
        let named = named.filter(is_new);
        all.extend(named);
        Ok(all)
    }

    /// An issuer with its keys, as it described itself within the last minutes. While somebody asks it anew, what it
    /// said within the last hour will do for all others.
    pub(crate) async fn issuer(&self, config: &IssuerConfig) -> Result<Arc<Issuer>, Fault> {
        let known = self.known(config);
        if let Some(issuer) = known.since(FRESH) {
            return Ok(issuer);
        }
        let asked = match (known.asked.clone().try_lock_owned(), known.since(STALE)) {
            (Ok(asked), _) => asked,
            (Err(_), Some(issuer)) => return Ok(issuer),
            (Err(_), None) => known.asked.clone().lock_owned().await,
        };
        match known.since(FRESH) {
            Some(issuer) => Ok(issuer),
            None => self.ask(config, known, asked).await,
        }
    }

    /// An issuer with its keys, asked now, unless it was asked often lately: for a token that none of the known keys
    /// verifies.
    pub(crate) async fn issuer_anew(&self, config: &IssuerConfig) -> Result<Arc<Issuer>, Fault> {
        let (known, came) = (self.known(config), Moment::now());
        let asked = known.asked.clone().lock_owned().await;
        // Whoever asked meanwhile asked for all who wait.
        match known.since(came.elapsed()) {
            Some(issuer) => Ok(issuer),
            None => self.ask(config, known, asked).await,
        }
    }

    /// What people know it by: its name as its metadata say it, as soon as they are known.
    pub(crate) fn issuer_name(&self, config: &IssuerConfig) -> String {
        let said = self.known(config).since(Duration::MAX);
        said.map_or_else(|| config.issuer.to_string(), |issuer| issuer.provider.issuer().to_owned())
    }

    fn known(&self, config: &IssuerConfig) -> Arc<Known> {
        lock(&self.people.issuers.known).entry(config.issuer.endpoint().to_string()).or_default().clone()
    }

    /// Goes on if whoever asked goes: the answer is for all who wait.
    async fn ask(&self, config: &IssuerConfig, known: Arc<Known>, asked: Asked) -> Result<Arc<Issuer>, Fault> {
        if let Some(fault) = known.failure() {
            return known.since(STALE).ok_or(fault);
        }
        let (gate, config) = (self.own.upgrade().ok_or(reason::Request::Stopping)?, config.clone());
        let asking = tokio::spawn(async move { gate.ask_now(&config, &known, asked).await });
        asking.await.map_err(|_| reason::Request::Internal)?
    }

    async fn ask_now(&self, config: &IssuerConfig, known: &Known, mut asked: Asked) -> Result<Arc<Issuer>, Fault> {
        asked.retain(|at| at.elapsed() < WINDOW);
        let silent = || oauth_fault::issuer_silent(config.issuer.as_str());
        if asked.len() >= MOST {
            return known.since(STALE).ok_or_else(silent);
        }
        let began = Moment::now();
        asked.push(began);
        match timeout(ANSWER_WITHIN, self.ask_issuer(config)).await.unwrap_or_else(|_| Err(silent())) {
            Ok(issuer) => {
                let issuer = Arc::new(issuer);
                *lock(&known.said) = Some((Moment::now(), issuer.clone()));
                *lock(&known.failed) = None;
                Ok(issuer)
            }
            // What it said before holds for a while.
            Err(fault) => {
                tracing::warn!(issuer = config.issuer.as_str(), fault = %fault.id(), "the issuer cannot be asked");
                let left_alone = began.elapsed().clamp(LEFT_ALONE, ANSWER_WITHIN);
                let failed = Failed { at: Moment::now(), left_alone, fault: fault.clone() };
                *lock(&known.failed) = Some(failed);
                known.since(STALE).ok_or(fault)
            }
        }
    }

    async fn ask_issuer(&self, config: &IssuerConfig) -> Result<Issuer, Fault> {
        let at = ServerUrl::parse(&config.issuer.url().origin().ascii_serialization())
            .map_err(|error| fault::from_server_url(&config.issuer, &error))?;
        let failed = |error: OAuthError| oauth_fault::from_oauth(&at, error);
        let http = self.network.http(&at)?;
        let provider = openid::discover(&http, config.issuer.endpoint()).await.map_err(failed)?;
        let document = openid::keys(&http, &provider).await.map_err(failed)?;
        let keys = KeySet::parse(&document).ok_or_else(|| failed(OAuthError::NotOAuth))?;
        Ok(Issuer { provider, keys, http })
    }
}
