//! What a login made, an approval does not replace.
//!
//! A credential knows how it came (`Origin`: a login, a person, git, another tool). `store` adds or updates what git or
//! a tool brought; where a login or a person's own token has the account, or the user name that is sent for it, nothing
//! is kept. What a tool brought has an account of its own, which is offered to that tool alone. A person,
//! and a token with `control`, may replace anything, and then the old login is revoked; with `write` alone nothing
//! takes a login's place or goes before it (`Seen::has_login_behind`). Some servers end both logins then, as they are
//! of one consent or one session: the new one is renewed at once to see whether it lives, and if not, it is made once
//! more (`agent::verbs::login`).

use crate::agent::Agent;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::git_server;
use crate::agent::call::noting::Noted;
use crate::agent::life::auditing::About;
use crate::base::{AccountKey, Credential, Expiry, Kind, Origin, Scope, ServerUrl, Tool, clock};
use crate::store::Record;
use crate::wire::{Empty, Fault, Store, reason};

impl Handle for Store {
    const EVENT: Noted = Noted::Done("credential.store");
    const CHANGES_ACCOUNT: bool = true;
    const USES_WHAT_IS_KEPT: bool = true;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let server = git_server(&self.which)?;
        caller.is_about(&server, self.which.username.as_deref())?;
        let config = agent.settings.config()?;
        if !config.permits(&server) {
            // What would go out in clear is not kept. Git uses it with or without us, so it is not told every time;
            // `loom why` says it to who asks.
            return kept_nothing(self.tool, &server);
        }
        let expires = self.password_expiry_utc.and_then(Expiry::at_most);
        if expires.is_some_and(|expiry| expiry.ends_within(0, clock::now())) {
            return kept_nothing(self.tool, &server);
        }
        // Git approves what it used, also what it had from here: that is no second account.
        let (user, authority) = (self.which.username.as_deref(), caller.authority());
        let known = agent.accounts.with(|accounts| {
            let seen = accounts.meant_by(&self.which, self.tool, &server, authority, &config);
            let found = select::candidates(seen, &server, user);
            let is_it = |held: &&&Held| held.secret().matches(&self.secret);
            // A token that came from here is no password of somebody else either.
            let all = || select::candidates(seen, &server, None).into_iter();
            let token = || all().find(|held| held.credential().kind() != Kind::Basic && is_it(&held));
            if let Some(held) = found.iter().find(is_it).copied().or_else(token) {
                return Some(Known::Same(held.key().clone()));
            }
            // Whatever git was given under the user name of a login or of a token that was handed over, by the URL or
            // by another helper: it does not take their place.
            let is_another = |held: &&Held| {
                user.is_some_and(|user| seen.sent_user(held) == user)
                    && match held.credential().origin() {
                        Origin::Login => true,
                        // A tool has an account of its own beside it.
                        Origin::Given => self.tool.is_none(),
                        Origin::Git | Origin::Tool(_) => false,
                    }
            };
            found.into_iter().find(is_another).map(|held| Known::Another(held.key().clone()))
        });
        match known.await? {
            Some(Known::Same(account)) => {
                caller.noting().about = About::account(&account);
                if account.server().same_origin(&server) {
                    self.approve(agent, caller, account, expires).await?;
                } else if agent.accounts.note(&account, &self.secret, false).await {
                    // It is lent to the server that took it, which has nothing else to say of it.
                    caller.notes_done();
                }
                return Ok(Empty {});
            }
            Some(Known::Another(account)) => {
                caller.noting().about = About::account(&account);
                return Ok(Empty {});
            }
            None if !config.keeps_approved(&server) => return kept_nothing(self.tool, &server),
            None => {}
        }
        let tool = self.tool;
        let (user, credential) = match (self.authtype, self.which.username) {
            // A header need not name a user; what it is names the account then.
            (Some(authtype), user) => {
                let user = user.unwrap_or_else(|| authtype.to_ascii_lowercase());
                (user, Credential::Header { authtype, credential: self.secret, expires, given: false, tool })
            }
            (None, Some(user)) => {
                let oauth_refresh_token = self.oauth_refresh_token;
                (user, Credential::Basic { password: self.secret, expires, oauth_refresh_token, given: false, tool })
            }
            (None, None) => return Err(reason::Login::StoreWithoutUser.into()),
        };
        let account = AccountKey::new(server, Some(tool.map_or(user.clone(), |tool| tool.account_of(&user))));
        caller.noting().about = About::account(&account);
        let authority = caller.authority();
        if !authority.allows(Scope::Control)
            && (config.is_before_second_origin(account.server())
                || agent.accounts.with(|accounts| accounts.seen_by(authority).has_login_behind(&account, tool)).await?)
        {
            // Git uses it with or without us, but the user's git goes on with the login.
            return kept_nothing(tool, account.server());
        }
        let own = account.clone();
        let kept = agent.accounts.amend(account, move |now| match now {
            None => Some(Record::new(own.clone(), credential.clone())),
            Some(record) => {
                let is_same_kind = record.credential().origin() == credential.origin();
                is_same_kind.then(|| record.renewed(credential.clone()))
            }
        });
        if kept.await? {
            caller.notes_done();
        }
        Ok(Empty {})
    }
}

/// What is kept of what git approves.
enum Known {
    /// The secret that git approves is kept already, for this account.
    Same(AccountKey),
    /// A secret with that user name is kept, for this account, that came in another way.
    Another(AccountKey),
}

/// Git goes on as it would without us. A tool's person was told that they are logged in, and had to do it again.
fn kept_nothing(tool: Option<Tool>, server: &ServerUrl) -> Result<Empty, Fault> {
    match tool {
        None => Ok(Empty {}),
        Some(_) => Err(reason::Login::NotKept { server: server.clone() }.into()),
    }
}

impl Store {
    /// The server takes what is kept here. Of another helper's password the rest may be news: when it ends, and what
    /// renews it.
    async fn approve(
        &self,
        agent: &Agent,
        caller: &mut Caller<'_>,
        account: AccountKey,
        ends: Option<Expiry>,
    ) -> Result<(), Fault> {
        let (secret, renewal) = (self.secret.clone(), self.oauth_refresh_token.clone());
        let was_refused = agent.accounts.note(&account, &secret, false).await;
        if was_refused {
            caller.notes_done();
        }
        let news = move |record: &Record| {
            let Credential::Basic { password, expires, oauth_refresh_token, given, tool } = record.credential() else {
                return None;
            };
            let is_news = ends.is_some_and(|ends| *expires != Some(ends))
                || renewal
                    .as_ref()
                    .is_some_and(|new| !oauth_refresh_token.as_ref().is_some_and(|old| old.matches(new)));
            (is_news && password.matches(&secret)).then(|| {
                record.renewed(Credential::Basic {
                    password: password.clone(),
                    expires: ends.or(*expires),
                    oauth_refresh_token: renewal.clone().or_else(|| oauth_refresh_token.clone()),
                    given: *given,
                    tool: *tool,
                })
            })
        };
        let is_news =
            agent.accounts.look(|accounts| accounts.get(&account).and_then(|held| news(held.record())).is_some());
        // What git approves again and again is written once.
        if is_news == Some(true) && agent.accounts.amend(account, move |now| now.and_then(&news)).await? && !was_refused
        {
            caller.notes_done();
        }
        Ok(())
    }
}
