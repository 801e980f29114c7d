//! One request to the server, with the credential that is kept for it, and the answer to it. A 401 renews once, where
//! what was sent can be sent again; one is never handed through, since its client has nothing to answer it with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use url::Url;
use zeroize::Zeroizing;

use super::body::{Forwarded, SILENCE};
use super::visit::Visit;
use crate::agent::accounts::held::Usefulness;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::select;
use crate::agent::api::{Redactor, could_heal, proof, ready};
use crate::agent::fault;
use crate::base::{AccountKey, Credential, Repository, Secret, ServerUrl};
use crate::net::call::{Answering, Call, Outgoing};
use crate::wire::{Fault, reason};

/// What goes up.
pub(super) struct Upward {
    pub(super) url: Url,
    pub(super) method: Method,
    /// What is sent besides what says who asks.
    pub(super) headers: HeaderMap,
    pub(super) body: Sent,
}

/// A body, by whether it can be sent once more.
pub(super) enum Sent {
    Nothing,
    Short(Bytes),
    Streamed(Box<Forwarded>),
}

/// As whom it is sent.
pub(super) struct As {
    /// None where nothing is kept for a git server: much may be fetched by everybody.
    pub(super) account: Option<AccountKey>,
    /// The user name that its server expects beside a token, where it is a git server: those take no `Bearer`.
    pub(super) git_user: Option<String>,
}

/// A server's answer, and what must not be shown of it.
pub(super) struct Answered {
    pub(super) answer: Answering,
    pub(super) redactor: Redactor,
}

impl Visit<'_> {
    /// The account that git would be given for this repository.
    pub(super) async fn git_account(&self, repository: &Repository) -> Result<As, Fault> {
        let upstream = &self.proxy.upstream;
        let config = upstream.network.config()?;
        let server = repository.url();
        let rule = upstream.accounts.rule(&config, server, [None, None]).await.map(|rule| rule.user());
        let find = |accounts: &Index| {
            let seen = accounts.seen_by(&self.client.authority).for_git().and_used_at(server, &config);
            let found = select::for_git(seen, server, None, rule, false);
            let is_useful =
                |held: &&&_| !matches!(crate::agent::accounts::held::Held::usefulness(held, 0), Usefulness::Never);
            let best = found.iter().find(is_useful).or(found.first());
            best.map(|held| (held.key().clone(), seen.sent_user(held).to_owned()))
        };
        Ok(match upstream.accounts.with(find).await? {
            Some((account, user)) => As { account: Some(account), git_user: Some(user) },
            None => As { account: None, git_user: None },
        })
    }

    /// The user name that is sent to git servers with this account.
    pub(super) async fn git_account_user(&self, account: &AccountKey) -> Result<Option<String>, Fault> {
        let find = |accounts: &Index| accounts.get(account).map(|held| held.git_user().to_owned());
        self.proxy.upstream.accounts.with(find).await
    }

    /// Sends it.
    pub(super) async fn send(&self, whose: &As, upward: Upward) -> Result<Answered, Fault> {
        let Upward { url, method, headers, mut body } = upward;
        let (upstream, server) = (&self.proxy.upstream, &self.place.server);
        let mut redactor = Redactor::default();
        let mut renewed = false;
        loop {
            let credential = match &whose.account {
                Some(account) => Some(ready(upstream, account).await?),
                None => None,
            };
            let shown = match (&whose.account, &credential) {
                (Some(account), Some(credential)) => Some(shown(account, credential, whose.git_user.as_deref())),
                _ => None,
            };
            if let (Some(credential), Some(shown)) = (&credential, &shown) {
                redactor.hide(credential.secret());
                redactor
                    .hide(&Secret::new(shown.split_once(' ').map(|(_, value)| value).unwrap_or_default().to_owned()));
            }
            let authorization = shown.as_ref().map(|shown| HeaderValue::from_str(shown)).transpose();
            let authorization = authorization.map_err(|_| reason::Request::Internal)?;
            // What streams goes once.
            let (outgoing, again) = match body {
                Sent::Nothing => (None, Some(Sent::Nothing)),
                Sent::Short(bytes) => {
                    let forwarded = Forwarded::new([bytes.clone()], None);
                    (Some(Outgoing::new(forwarded)), Some(Sent::Short(bytes)))
                }
                Sent::Streamed(forwarded) => (Some(Outgoing::new(*forwarded)), None),
            };
            let http = upstream.network.http(server)?;
            let call = Call {
                method: method.clone(),
                url: url.clone(),
                headers: headers.clone(),
                authorization,
                body: outgoing,
            };
            let answer = http.call(call).await.map_err(|error| fault::from_http(server, &error))?;
            let Some((account, credential)) = whose.account.as_ref().zip(credential.as_ref()) else {
                return if answer.status() == 401 {
                    Err(fault::not_logged_in(server))
                } else {
                    Ok(Answered { answer, redactor })
                };
            };
            if answer.status() != 401 {
                if (200..300).contains(&answer.status()) {
                    upstream.accounts.note(account, credential.secret(), false).await;
                }
                return Ok(Answered { answer, redactor });
            }
            let heals = !renewed && could_heal(upstream, account).await?;
            if heals {
                upstream.renew(account, credential.secret()).await?;
                upstream.accounts.heal(account);
            }
            match again {
                Some(again) if heals => (body, renewed) = (again, true),
                _ if heals => return Err(fault::not_repeated(account.server())),
                _ => return Err(fault::login_refused(account.server())),
            }
        }
    }

    /// The whole of a short answer.
    pub(super) async fn short(&self, answered: &mut Answered, most: usize) -> Result<Vec<u8>, Fault> {
        let body = tokio::time::timeout(SILENCE, answered.answer.short_body(most)).await.ok().flatten();
        body.ok_or_else(|| reason::Proxy::NotGits { server: self.server() }.into())
    }

    pub(super) fn server(&self) -> ServerUrl {
        self.place.server.clone()
    }
}

/// The value of the header that proves who asks: `Basic` to git servers.
fn shown(account: &AccountKey, credential: &Credential, git_user: Option<&str>) -> Zeroizing<String> {
    match (credential, git_user) {
        (Credential::Header { .. }, _) | (_, None) => proof(account, credential),
        (_, Some(user)) => {
            let both = Zeroizing::new(format!("{user}:{}", credential.secret().expose()));
            Zeroizing::new(format!("Basic {}", STANDARD.encode(both.as_bytes())))
        }
    }
}
