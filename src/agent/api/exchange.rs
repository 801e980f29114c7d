//! One call, from the first request to the answer that the caller gets: renewing after a 401, waiting after a 429,
//! another account after a 403, redirects. Each of these is bounded in number or time, and each further request needs
//! the same rights as if the caller had asked for it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method};
use tokio::time::{sleep, timeout};
use url::Url;
use zeroize::Zeroizing;

use super::account::{others_with, ready};
use super::answer::{hand_on, location, retry_after};
use super::body::Body;
use super::query::{checked_query, need_of};
use super::redactor::Redactor;
use super::target::{Target, lies_below, origin, redirected};
use crate::access::{Authority, Need};
use crate::agent::call::caller::Caller;
use crate::agent::fault;
use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential, Scope, Secret, ServerUrl, missing_scope};
use crate::net::call::{Answering, Call, Outgoing, Uploader};
use crate::wire::{ApiBody, ApiEvent, Fault, reason};

/// How long a call waits in all for a server that asks to come back later.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waiting costs at least this much of the patience: a server that says 0 is not asked for ever.
const LEAST_WAIT: Duration = Duration::from_secs(5);

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// How many further accounts are tried where the first lacks a scope.
const MOST_OTHERS: usize = 8;

/// A refusal that says which scope is missing is no longer than this.
const REFUSAL: usize = 16 * 1024;

/// How long the body of such a refusal is waited for before it is handed on unread.
const REFUSAL_WITHIN: Duration = Duration::from_secs(5);

/// A call that may be made.
pub(crate) struct Asked<'a> {
    pub(crate) target: Target,
    /// The account that was named.
    pub(crate) user: Option<&'a str>,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<ApiBody>,
    /// Whether a refusal is noted, as git's is: for who may say so of an account.
    pub(crate) marks: bool,
    /// What the caller may do.
    pub(crate) authority: &'a Authority,
    /// Whether what a call needs is granted: a redirect may lead to one that needs more.
    pub(crate) permits: &'a (dyn Fn(Need, &Url) -> bool + Sync),
    /// Whether a redirect may lead elsewhere. What a server names is on the agent's side of the network, so only the
    /// one whose agent it is gets what is there.
    pub(crate) goes_elsewhere: bool,
}

/// A call that was sent, and what came of it.
struct Sent {
    uploader: Option<Uploader>,
    answer: Answering,
    /// Where it came from.
    url: Url,
    /// Whether it is the answer of who was shown the token: no redirect led away from there.
    own: bool,
}

/// Makes the call as this account, and hands on the answer. After a 401 the token is renewed and the call made once
/// more; after a 429 it waits as it is told; after a 403 that says which scope is missing it goes on as the next
/// account that may have it. Returns whose answer it was.
pub(crate) async fn carry_out(
    upstream: &Upstream,
    caller: &mut Caller<'_>,
    asked: Asked<'_>,
    account: AccountKey,
) -> Result<AccountKey, Fault> {
    let (mut account, mut tried) = (account, Vec::new());
    let mut body = Body::new(asked.body);
    let mut redactor = Redactor::default();
    let (mut patience, mut renewed) = (PATIENCE, false);
    loop {
        let credential = ready(upstream, &account).await?;
        let server = account.server();
        let proof = proof(&account, &credential);
        redactor.hide(credential.secret());
        redactor.hide(&Secret::new(proof.split_once(' ').map(|(_, value)| value).unwrap_or_default().to_owned()));
        let sent = send(upstream, caller, &asked, &account, &proof, &mut body).await?;
        let Sent { uploader, mut answer, url, own } = sent;
        let status = answer.status();
        if own && status == 401 && asked.marks {
            upstream.accounts.note(&account, credential.secret(), true).await;
        } else if own && (200..300).contains(&status) {
            upstream.accounts.note(&account, credential.secret(), false).await;
        }
        let heals = own && status == 401 && !renewed && could_heal(upstream, &account).await?;
        if heals {
            upstream.renew(&account, credential.secret()).await?;
            if !asked.marks {
                upstream.accounts.heal(&account);
            }
            renewed = true;
        }
        let wait = retry_after(&answer).filter(|wait| status == 429 && *wait <= patience && !patience.is_zero());
        if (heals || wait.is_some()) && body.can_repeat() {
            drop((answer, uploader));
            body.rewind(caller).await?;
            if let Some(wait) = wait {
                patience = patience.saturating_sub(wait.max(LEAST_WAIT));
                caller.tell_slowly(&ApiEvent::Waiting { seconds: wait.as_secs() }, &mut body.heard).await?;
                tokio::select! {
                    () = sleep(wait) => {}
                    fault = caller.hung_up() => return Err(fault),
                }
            }
            continue;
        }
        if own && status == 403 && body.can_repeat() && tried.len() < MOST_OTHERS {
            tried.push(account.clone());
            let next = match missing(&mut answer).await {
                Some(scope) => asked.other_with(upstream, &scope, &tried).await?,
                None => None,
            };
            if let Some(next) = next {
                drop((answer, uploader));
                body.rewind(caller).await?;
                caller.is_about(next.server(), Some(next.user()))?;
                (account, renewed) = (next, false);
                continue;
            }
        }
        hand_on(caller, (server, &url), answer, (&mut body, &uploader), &mut redactor).await?;
        return match status {
            401 if heals => Err(fault::not_repeated(server)),
            401 if own => Err(fault::login_refused(server)),
            _ => Ok(account),
        };
    }
}

impl Asked<'_> {
    /// The next account for a call that lacks this scope: never one that may more than whoever asks.
    async fn other_with(
        &self,
        upstream: &Upstream,
        scope: &str,
        tried: &[AccountKey],
    ) -> Result<Option<AccountKey>, Fault> {
        if self.user.is_some() {
            return Ok(None);
        }
        // What its own words mean is known of Loki's servers only.
        let scopes = Scope::from_name(scope).unwrap_or(Scope::All);
        let need = Need { scope: scopes, ..need_of(self.method.as_str(), self.target.url.path(), &self.target.url) };
        for other in others_with(upstream, self.authority, &self.target, scope, tried).await? {
            let below = need_of(self.method.as_str(), self.target.below(other.server()), &self.target.url);
            // One that cannot be renewed now is no better.
            let url = &self.target.url;
            if (self.permits)(need, url) && (self.permits)(below, url) && ready(upstream, &other).await.is_ok() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

/// Sends the call, and once more wherever a redirect leads that may be followed. Whoever it is elsewhere gets neither
/// the token nor the caller's headers.
async fn send(
    upstream: &Upstream,
    caller: &mut Caller<'_>,
    asked: &Asked<'_>,
    account: &AccountKey,
    proof: &str,
    body: &mut Body,
) -> Result<Sent, Fault> {
    let server = account.server();
    let (mut url, mut own, mut left) = (asked.target.url.clone(), true, MOST_REDIRECTS);
    loop {
        let (uploader, upload) = body.open();
        let authorization =
            own.then(|| HeaderValue::from_str(proof)).transpose().map_err(|_| reason::Request::Internal)?;
        let headers = if own { asked.headers.clone() } else { only_accept(&asked.headers) };
        let at = if own { server.clone() } else { origin(&url).ok_or(reason::Request::Internal)? };
        let http = upstream.network.http(&at)?;
        let call = Call {
            method: asked.method.clone(),
            url: url.clone(),
            headers,
            authorization,
            body: upload.map(Outgoing::new),
        };
        let answer = tokio::select! {
            answer = http.call(call) => answer.map_err(|error| fault::from_http(&at, &error))?,
            fault = body.send(caller, &uploader, &at) => return Err(fault),
        };
        match next(asked, server, &answer, &url).filter(|_| left > 0) {
            Some((is_own, to)) => {
                own &= is_own;
                (url, left) = (to, left - 1);
            }
            None => return Ok(Sent { uploader, answer, url, own }),
        }
    }
}

/// Where to go on, and whether that is the account's own server: only reading is done elsewhere than where it was asked
/// for, and nothing that would not be allowed there.
fn next(asked: &Asked<'_>, server: &ServerUrl, answer: &Answering, url: &Url) -> Option<(bool, Url)> {
    let reads = matches!(asked.method, Method::GET | Method::HEAD) && asked.body.is_none();
    let to = redirected(url, location(answer).filter(|_| reads)?)?;
    let own = lies_below(server, &to);
    let below = to.path().strip_prefix(server.path()).filter(|_| own);
    let is_granted = |path| (asked.permits)(need_of(asked.method.as_str(), path, &to), &to);
    let may = [Some(to.path()), below].into_iter().flatten().all(is_granted);
    let is_plain = checked_query(&to, asked.goes_elsewhere).is_ok();
    (may && is_plain && (own || asked.goes_elsewhere)).then_some((own, to))
}

fn only_accept(headers: &HeaderMap) -> HeaderMap {
    headers.get(ACCEPT).map(|value| (ACCEPT, value.clone())).into_iter().collect()
}

/// The scope that a refusal names.
async fn missing(answer: &mut Answering) -> Option<String> {
    let body = timeout(REFUSAL_WITHIN, answer.short_body(REFUSAL)).await.ok().flatten();
    let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    missing_scope(challenges, &body.unwrap_or_default())
}

pub(crate) async fn could_heal(upstream: &Upstream, account: &AccountKey) -> Result<bool, Fault> {
    upstream.accounts.with(|accounts| accounts.get(account).is_some_and(|held| held.could_heal())).await
}

/// The value of the header that proves who asks.
pub(crate) fn proof(account: &AccountKey, credential: &Credential) -> Zeroizing<String> {
    let secret = credential.secret().expose();
    Zeroizing::new(match credential {
        Credential::Basic { .. } => {
            let both = Zeroizing::new(format!("{}:{secret}", account.user()));
            format!("Basic {}", STANDARD.encode(both.as_bytes()))
        }
        Credential::Header { authtype, .. } => format!("{authtype} {secret}"),
        Credential::Token { .. } | Credential::OAuth { .. } => format!("Bearer {secret}"),
    })
}
