//! Which accounts there are for this caller, and whether they still count. An account at a server that the caller may
//! not see is not there; and a locked agent answers too, with what may be known without its secrets.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};

use crate::access::Authority;
use crate::agent::Agent;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::gate::needs::USED;
use crate::base::{AccountKey, Locale, Scope, ServerUrl, Terms};
use crate::wire::{AccountStatus, Code, Condition, Fault, FileAccount, Status, StatusReply};

/// How many servers are asked at once. After [`CHECK_WITHIN`] none is asked any more.
const AT_ONCE: usize = 16;
const CHECK_WITHIN: Duration = Duration::from_secs(5 * 60);

impl Handle for Status {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<StatusReply, Fault> {
        if self.check {
            USED.check(caller.authority())?;
        }
        let looker =
            Looker { authority: caller.authority().clone(), is_owner: caller.is_owner(), locale: caller.locale };
        if agent.lock.is_locked() {
            return looker.locked(agent).await;
        }
        match self.seen(agent, &looker).await {
            // It was locked meanwhile.
            Err(fault) if fault.code() == Code::Locked && agent.lock.is_locked() => looker.locked(agent).await,
            status => status,
        }
    }
}

/// What is needed of the caller to answer them. The caller itself cannot be shared with what is asked at the same time.
struct Looker {
    authority: Authority,
    is_owner: bool,
    locale: Locale,
}

impl Status {
    async fn seen(&self, agent: &Agent, looker: &Looker) -> Result<StatusReply, Fault> {
        let Looker { authority, is_owner, locale } = looker;
        let (is_owner, locale) = (*is_owner, *locale);
        let config = agent.settings.config()?;
        let default_server = config.default_server().filter(|server| authority.sees(server)).cloned();
        // What lies in the user's directories is no business of who looks.
        let may_all = authority.sees_everything() && authority.allows(Scope::All);
        let audit = if is_owner { agent.audit.look_for_trouble(locale).await } else { None };
        let warnings = agent.warnings(authority, locale);
        // A person who names a server claims what an older Loom kept for it.
        for server in self.server.iter().chain(&default_server).filter(|server| authority.sees(server)) {
            agent.accounts.for_person(authority, server, None, |_| ()).await?;
        }
        let used_at = |held: &Held| {
            let offered = config.second_origins().filter(|second| second.lends(held.key().server()));
            offered.map(|second| second.url().clone()).filter(|url| authority.sees(url)).collect::<Vec<ServerUrl>>()
        };
        let is_named = |held: &Held| {
            self.server.as_ref().is_none_or(|server: &ServerUrl| {
                server.covers(held.key().server())
                    || used_at(held).iter().any(|url| url.covers(server) || server.covers(url))
            })
        };
        let mut checked = BTreeMap::new();
        if self.check {
            let keys = agent.accounts.with(|accounts| {
                let shown = accounts.seen_by(authority).iter().filter(|held| is_named(held));
                shown.map(|held| held.key().clone()).collect::<Vec<AccountKey>>()
            });
            // Before anything is said: asking may renew a token. What was begun is ended, for a renewal may have used
            // one up.
            let until = Instant::now() + CHECK_WITHIN;
            let in_time = keys.await?.into_iter().take_while(|_| Instant::now() < until);
            let asked = stream::iter(in_time).map(async |key| (agent.upstream.check(&key).await, key));
            let mut asked = pin!(asked.buffer_unordered(AT_ONCE));
            while let Some((said, key)) = asked.next().await {
                checked.insert(key, said?);
            }
        }
        let accounts = agent.accounts.with(|accounts| {
            let defaults = select::defaults(accounts.seen_by(authority));
            let shown = accounts.seen_by(authority).iter().filter(|held| is_named(held));
            let status = |held: &Held| {
                let default = defaults.get(held.key().server()) == Some(&held.key());
                AccountStatus {
                    checked: checked.get(held.key()).copied(),
                    default,
                    used_at: used_at(held),
                    ..account(held)
                }
            };
            shown.map(status).collect()
        });
        let covers = |key: &AccountKey| self.server.as_ref().is_none_or(|server| server.covers(key.server()));
        let damaged = agent.accounts.damaged(|key| covers(key) && authority.sees(key.server()));
        Ok(StatusReply {
            agent: agent.status(),
            default_server,
            accounts: accounts.await?,
            unclaimed: if may_all { agent.accounts.unclaimed().await? } else { Vec::new() },
            damaged: damaged.iter().map(FileAccount::of).collect(),
            audit,
            warnings,
            tokens_gone: agent.gate.tokens_gone().filter(|_| may_all),
            // It is said once, and to the user.
            note: if is_owner { agent.accounts.unsaid(locale) } else { None },
        })
    }
}

impl Looker {
    /// Who is logged in where is not known to a locked agent either; that nothing is known is the answer.
    async fn locked(&self, agent: &Agent) -> Result<StatusReply, Fault> {
        let (config, authority) = (agent.settings.config()?, &self.authority);
        Ok(StatusReply {
            agent: agent.status(),
            default_server: config.default_server().filter(|server| authority.sees(server)).cloned(),
            accounts: Vec::new(),
            unclaimed: Vec::new(),
            damaged: Vec::new(),
            audit: if self.is_owner { agent.audit.look_for_trouble(self.locale).await } else { None },
            warnings: agent.warnings(authority, self.locale),
            tokens_gone: None,
            note: None,
        })
    }
}

fn account(held: &Held) -> AccountStatus {
    let server: &ServerUrl = held.key().server();
    let terms: Option<&Terms> = held.credential().terms();
    // An access token that ended is no trouble where another can be had.
    let state = if held.is_of_use() { Condition::Valid } else { held.condition(0) };
    AccountStatus {
        server: server.clone(),
        account: Some(held.key().user().to_owned()),
        kind: held.credential().kind(),
        stored_in: held.stored_in(),
        expires_at: held.credential().expires(),
        scopes: held.credential().scopes().to_vec(),
        user: terms.and_then(|terms| terms.user.clone()),
        renewable: held.credential().is_renewable(),
        default: false,
        origin: Some(held.credential().origin()),
        used_at: Vec::new(),
        state,
        proven: held.is_proven(),
        checked: None,
    }
}
