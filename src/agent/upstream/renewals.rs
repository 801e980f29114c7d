//! New access tokens, one flight for each account.
//!
//! An access token lives for minutes or hours; the login it came from for weeks. This bridges the two with the refresh
//! token, or with the client's own secret; `Held` says when.
//!
//! **On demand.** `get` and `token` renew what ends within 30 seconds, or within a quarter of its life if that is less,
//! before they answer. `token` does so too for what ends before `min_validity`. If the server cannot be asked, a token
//! that is still valid is given all the same. A renewal is nobody's in particular: whoever asked may go away, and who
//! waited five seconds for another agent's turn is told so, while it goes on.
//!
//! **Store first.** What came is in the store before the new access token is handed out: what somebody holds, a crash
//! does not undo. If the store cannot be written, memory keeps the new tokens, since the old ones may be worth nothing
//! any more, and they are offered to the store again later.
//!
//! **Lost answers.** If a request went out and no whole answer came, it is sent once more: the server may have rotated,
//! and many servers accept the old token for a moment. More often would look like theft. If nothing went out, it is not
//! repeated: the next question tries again.
//!
//! **What ends a login.** Only `invalid_grant`. Then the refresh token is dropped, the account is kept and marked as
//! refused, and one message says to log in. Everything else, from a dead network to an error 500, may pass.
//!
//! **Healing a 401.** A token that git reports as refused is renewed with the next question, which for git 2.46 is in
//! the same command: `get` says a `state` even for a single account if it could be renewed. That happens at most three
//! times a minute for an account: some clients would go round for ever. After that the answer says when it is renewed
//! again.
//!
//! **Replaced only if unchanged.** A renewal puts its tokens in the place of the ones it began with. If the account has
//! others by now, or is gone, nothing happens: a slow renewal undoes no login and no logout.
//!
//! **The clock.** When a token ends is counted from the moment it came, at most a year ahead, by the wall clock. A
//! clock that jumps makes a renewal come early or late, but never a loop: a question renews an account once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::agent::accounts::held::Held;
use crate::agent::fault;
use crate::agent::life::auditing::{About, Who};
use crate::agent::upstream::Upstream;
use crate::agent::upstream::oauth_fault;
use crate::agent::upstream::registrations;
use crate::agent::upstream::turns::TURN_ASKED;
use crate::base::lock;
use crate::base::{AccountKey, Credential, Expiry, Secret, Terms};
use crate::oauth::{self, Client, OAuthError, Tokens, Wish, identity};
use crate::wire::{Condition, Fault, reason};

/// Renewals under way, so that all who wait for one hear of its end.
#[derive(Default)]
pub(crate) struct Renewals {
    flights: Mutex<HashMap<AccountKey, watch::Receiver<Leg>>>,
}

/// How long a caller waits for a new token while the old one still counts. After that it gets the old one.
const AT_ONCE: Duration = Duration::from_secs(1);

/// In seconds: a token that ends sooner than this is not given out while its renewal is under way.
const LAST_MOMENT: i64 = 3;

/// How far a renewal is.
#[derive(Clone)]
enum Leg {
    /// The server is asked for other accounts first.
    Waiting,
    /// Others have the turn.
    Queued,
    /// The server is asked, in its own time.
    Begun,
    Landed(Result<(), Fault>),
}

/// What a renewal needs of an account.
struct Ticket {
    secret: Secret,
    refresh: Option<Secret>,
    terms: Box<Terms>,
    expires: Option<Expiry>,
    refused: bool,
}

impl Upstream {
    /// Gets a new access token in place of `old`, unless that has happened by now. However many ask, the server is
    /// asked once, and all get the same answer. It goes on behind whoever goes away; where others keep the turn for
    /// themselves, whoever asks is told who, and it goes on as well.
    pub(crate) async fn renew(&self, account: &AccountKey, old: &Secret) -> Result<(), Fault> {
        let mut flight = self.flight(account, old)?;
        drop(flight.wait_for(|leg| !matches!(leg, Leg::Waiting)).await);
        let queued = flight.wait_for(|leg| !matches!(leg, Leg::Queued));
        let Ok(begun) = timeout(TURN_ASKED, queued).await else { return Err(self.who_has_turn(account).await) };
        drop(begun);
        match flight.wait_for(|leg| matches!(leg, Leg::Landed(_))).await.as_deref() {
            Ok(Leg::Landed(outcome)) => outcome.clone(),
            Ok(Leg::Waiting | Leg::Queued | Leg::Begun) | Err(_) => Err(reason::Request::Internal.into()),
        }
    }

    /// The renewal of this account that is under way, or one that begins.
    fn flight(&self, account: &AccountKey, old: &Secret) -> Result<watch::Receiver<Leg>, Fault> {
        let Some(upstream) = self.own.upgrade() else { return Err(reason::Request::Stopping.into()) };
        let mut flights = lock(&self.renewals.flights);
        if let Some(others) = flights.get(account) {
            return Ok(others.clone());
        }
        let (legs, flown) = watch::channel(Leg::Waiting);
        flights.insert(account.clone(), flown.clone());
        let flight = Flight { upstream: upstream.clone(), account: account.clone(), legs };
        let old = old.clone();
        tokio::spawn(async move {
            let _busy = upstream.stopping.busy();
            let outcome = upstream.renew_alone(&flight, &old).await;
            let about = About::account(&flight.account);
            upstream.audit.note("token.renew", Who::agent(), about, outcome.as_ref().map(|_| ()).map_err(Fault::code));
            flight.land(outcome);
        });
        Ok(flown)
    }

    /// Begins a renewal before the old token has ended. If the server takes its time the renewal goes on in the
    /// background, and the caller has the old token meanwhile. An error that is known at once is returned.
    pub(crate) async fn renew_behind(&self, account: &AccountKey, old: &Secret) -> Result<(), Fault> {
        timeout(AT_ONCE, self.renew(account, old)).await.unwrap_or(Ok(()))
    }

    /// Renews a token that has to be renewed before it is given out: behind whoever asks, where the old one still is a
    /// token.
    pub(crate) async fn renew_in_time(&self, account: &AccountKey, old: &Secret) -> Result<(), Fault> {
        let is_valid = |held: &Held| held.secret().matches(old) && held.condition(LAST_MOMENT) == Condition::Valid;
        match self.accounts.look(|accounts| accounts.get(account).is_some_and(is_valid)) {
            Some(true) => self.renew_behind(account, old).await,
            Some(false) | None => self.renew(account, old).await,
        }
    }

    /// An access token for something else than the login was for.
    pub(crate) async fn wished(&self, account: &AccountKey, wish: &Wish) -> Result<Tokens, Fault> {
        let _lane = self.lane(account).await?;
        let _turn = self.turn_soon(account).await?;
        let Some(ticket) = self.ticket(account).await? else {
            return Err(oauth_fault::not_renewable(account.server()));
        };
        let http = self.network.http(account.server())?;
        if wish.audience.is_some() && ticket.terms.exchange {
            let exchanged = oauth::exchange(&http, &ticket.terms, &ticket.secret, wish).await;
            // Whatever is wrong with the exchange, the login is not ended by it.
            return exchanged.map_err(|error| oauth_fault::from_oauth(account.server(), error));
        }
        let client = Client::of(&ticket.terms);
        let tokens = match oauth::renew(&http, &client, &ticket.terms, ticket.refresh.as_ref(), wish).await {
            Ok(tokens) => tokens,
            Err(error) => return Err(self.ended_by(account, &ticket.secret, error).await),
        };
        if tokens.refresh.is_some() {
            // The login's own access token stays; only what renews it has changed.
            let credential = Credential::OAuth {
                access: ticket.secret.clone(),
                expires: ticket.expires,
                refresh: tokens.refresh.clone().or(ticket.refresh),
                terms: Some(ticket.terms),
            };
            self.keep_renewed(account, &ticket.secret, credential).await;
        }
        Ok(tokens)
    }

    async fn renew_alone(&self, flight: &Flight, old: &Secret) -> Result<(), Fault> {
        let account = &flight.account;
        let _lane = self.lane(account).await?;
        flight.legs.send_replace(Leg::Queued);
        let _turn = self.turn(account).await?;
        flight.legs.send_replace(Leg::Begun);
        let Some(ticket) = self.ticket(account).await? else { return Err(fault::not_logged_in(account.server())) };
        if !ticket.secret.matches(old) {
            return Ok(());
        }
        let http = self.network.http(account.server())?;
        let client = Client::of(&ticket.terms);
        let wish = Wish::default();
        let tokens = match oauth::renew(&http, &client, &ticket.terms, ticket.refresh.as_ref(), &wish).await {
            Ok(tokens) => tokens,
            Err(error) => return Err(self.ended_by(account, old, error).await),
        };
        let mut terms = ticket.terms;
        terms.secret_in_body = client.shows_in_body();
        if let Some(scopes) = tokens.scopes {
            terms.scopes = scopes;
        }
        let id_token = tokens.id_token.as_ref();
        if let Some(id) = id_token.and_then(|id| identity::of_renewal(terms.id_token.as_ref(), id, &terms.client_id)) {
            // Many servers send a new one, and the old one goes on where they do not (OpenID Connect Core §12.2).
            terms.id_token = Some(id);
        }
        let credential = Credential::OAuth {
            access: tokens.access,
            expires: tokens.expires,
            // A server that sends no new one goes on with the old (RFC 6749 §6).
            refresh: tokens.refresh.or(ticket.refresh),
            terms: Some(terms),
        };
        self.keep_renewed(account, old, credential).await;
        if ticket.refused {
            self.accounts.heal(account);
        }
        tracing::debug!("an access token was renewed");
        Ok(())
    }

    /// Keeps what a renewal brought. If the account has another credential by now, the new tokens are revoked: nobody
    /// else would ever end them.
    async fn keep_renewed(&self, account: &AccountKey, old: &Secret, credential: Credential) {
        if !self.accounts.replace(account, old, credential.clone()).await {
            self.revoke_soon(account.clone(), credential);
        }
    }

    /// What an error means for the account: only a refusal for good ends it, everything else may pass.
    async fn ended_by(&self, account: &AccountKey, secret: &Secret, error: OAuthError) -> Fault {
        if error.is_invalid_grant() {
            self.accounts.end(account, secret).await;
            return oauth_fault::login_ended(account.server());
        }
        if error.is_unknown_client() {
            // It may have been loom's own registration; the next login gets another.
            if let Ok(Some(ticket)) = self.ticket(account).await {
                registrations::forget(&self.paths, &ticket.terms.issuer, &ticket.terms.client_id).await;
            }
            return oauth_fault::client_unknown(account.server(), error);
        }
        oauth_fault::from_oauth(account.server(), error)
    }

    async fn ticket(&self, account: &AccountKey) -> Result<Option<Ticket>, Fault> {
        let find = |held: &Held| match held.credential() {
            Credential::OAuth { access, expires, refresh, terms: Some(terms) } => {
                let refused = held.record().refused();
                let (secret, refresh) = (access.clone(), refresh.clone());
                Some(Ticket { secret, refresh, terms: terms.clone(), expires: *expires, refused })
            }
            _ => None,
        };
        self.accounts.with(|accounts| accounts.get(account).and_then(find)).await
    }
}

/// A renewal under way. Those who wait for it hear of its end even if it is dropped before it is done.
struct Flight {
    upstream: Arc<Upstream>,
    account: AccountKey,
    legs: watch::Sender<Leg>,
}

impl Flight {
    fn land(self, outcome: Result<(), Fault>) {
        self.legs.send_replace(Leg::Landed(outcome));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.upstream.renewals.flights).remove(&self.account);
    }
}
