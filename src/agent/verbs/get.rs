//! What git is given, and the next one in the same command.
//!
//! Git 2.46 asks again after a 401 if the answer said `continue`, and says back its `state`. loom says so only where
//! another account could follow, or this one renewed: after a last answer git should call `erase` and fail. A state
//! names what was tried by a hash of the account and its secret, salted anew by each agent: it gives nothing away, and
//! one that was made up names nothing. Git comes back once per command. If the second is refused too, git neither
//! erases it nor asks again; the next command begins with it.

use crate::access::Authority;
use crate::agent::Agent;
use crate::agent::accounts::held::{Held, Usefulness};
use crate::agent::accounts::index::Index;
use crate::agent::accounts::seen::Seen;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::git_server;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::base::{
    AccountKey, Config, Credential, Kind, Scope, SecondOrigin, Secret, ServerConfig, ServerUrl, TermsKind, TokenSource,
};
use crate::oauth::known_hosts;
use crate::wire::{Code, Condition, Fault, Get, GetReply, Proof, reason};

impl Handle for Get {
    const EVENT: Noted = Noted::Asked("credential.get");
    const USES_WHAT_IS_KEPT: bool = true;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<GetReply, Fault> {
        let server = git_server(&self.wanted)?;
        caller.is_about(&server, self.wanted.username.as_deref())?;
        if self.changes && !caller.authority().allows(Scope::Write) {
            return Err(fault::scope_missing(Scope::Write));
        }
        let config = agent.settings.config()?;
        match self.answer(agent, caller, &server, &config).await {
            // To whom nothing is locked the lock is of no matter: they may need nothing there.
            Err(locked) if locked.code() == Code::Locked => {
                match agent.accounts.has_nothing_for(caller.authority(), &config, &server).await {
                    Ok(true) => Err(nothing(&server)),
                    // Git's person may unlock; a tool goes on without, where nobody can say that something is kept.
                    Err(fault) if self.tool.is_some() => Err(unread(fault)),
                    Ok(false) | Err(_) => Err(locked),
                }
            }
            answer => answer,
        }
    }
}

fn nothing(server: &ServerUrl) -> Fault {
    reason::Login::NothingThere { server: server.clone() }.into()
}

/// Why nobody can say whether something is kept there. It is not "locked" then, for that would say that something is.
fn unread(fault: Fault) -> Fault {
    match fault.about() {
        Some(reason::Lock::KeyringLocked) => reason::Lock::KeyringUnread.into(),
        _ => fault,
    }
}

/// What to do about a question.
enum Choice {
    Say(AccountKey, Box<GetReply>),
    Renew(AccountKey, Secret),
    Nothing,
}

impl Get {
    async fn answer(
        &self,
        agent: &Agent,
        caller: &mut Caller<'_>,
        server: &ServerUrl,
        config: &Config,
    ) -> Result<GetReply, Fault> {
        let authority = caller.authority().clone();
        if !config.permits(server) {
            // Not an error: git may have it from elsewhere. But a person may wonder whose proxy it is, which git names
            // with its port; of other servers it is not said, as of nobody else's.
            return Err(if server.names_port() && agent.network.note_if_first_cleartext(server) {
                fault::cleartext_for_git(server)
            } else {
                nothing(server)
            });
        }
        let mut named = self.wanted.username.as_deref();
        // What this answer leaves out because git says that its server refused it.
        let mut refused = None;
        if let Some(state) = &self.refused {
            // Git repeats the user name of the answer that was refused, which may be another than it had named before.
            let tag;
            (tag, named) = state.split_once(NAMED).map_or((state.as_str(), None), |(tag, user)| (tag, Some(user)));
            if let Some(account) = refuse(agent, &authority, config, server, tag).await? {
                refused = Some(account);
            }
        }
        let place = [self.directory.as_deref(), self.named_directory.as_deref()];
        let rule = agent.accounts.rule(config, server, place).await;
        // Which of the accounts of this very URL is meant nobody has to say: their tools keep one each.
        let is_ruled = !self.wanted.exact || self.wanted.second_origin(server, config).is_some();
        let of_rule = rule.filter(|_| is_ruled).map(|rule| rule.user());
        let user = named.or(of_rule);
        let is_organization = named.is_some() && known_hosts::user_is_organization(server);
        // Accounts that were renewed for this question, or could not be: each is tried once, so this ends.
        let mut tried = Vec::new();
        let mut failed = None;
        loop {
            let choice = agent.accounts.with(|accounts| {
                let seen = accounts.meant_by(&self.wanted, self.tool, server, &authority, config);
                let found = select::for_git(seen, server, named, of_rule, is_organization);
                self.choose(agent, seen, &found, named, &tried, refused.as_ref())
            });
            match choice.await? {
                Choice::Say(account, reply) => {
                    caller.is_about(account.server(), Some(account.user()))?;
                    if !account.server().same_origin(server) {
                        caller.is_sent_to(server)?;
                    }
                    return Ok(*reply);
                }
                Choice::Renew(account, secret) => {
                    failed = agent.upstream.renew_in_time(&account, &secret).await.err().or(failed);
                    tried.push(account);
                }
                Choice::Nothing => break,
            }
        }
        if failed.is_none() {
            // Too often in a moment; a login would not help.
            let heals_again = |accounts: &Index| {
                let seen = accounts.meant_by(&self.wanted, self.tool, server, &authority, config);
                let found = select::for_git(seen, server, named, of_rule, is_organization);
                found.iter().find_map(|held| held.healed_enough())
            };
            failed = agent.accounts.look(heals_again).flatten().map(|wait| fault::renewed_again_in(server, wait));
        }
        let failed = failed.or_else(|| agent.accounts.outage());
        let damaged = |all: &Index| {
            all.meant_by(&self.wanted, self.tool, server, &authority, config)
                .damaged_at(server, user)
                .map(fault::damaged)
        };
        match failed {
            // A login would not help: the server, or the keyring, cannot be asked at the moment.
            Some(fault) if fault.code() == Code::Unavailable => Err(fault),
            None if let Some(fault) = agent.accounts.look(damaged).flatten() => Err(fault),
            Some(_) | None => {
                Err(self.login_known(agent, &authority, config, server, user).await?.unwrap_or_else(|| nothing(server)))
            }
        }
    }

    /// The first account of use. One that has to be renewed first goes before one that has not, but is worse.
    fn choose(
        &self,
        agent: &Agent,
        seen: Seen<'_>,
        found: &[&Held],
        named: Option<&str>,
        tried: &[AccountKey],
        refused: Option<&AccountKey>,
    ) -> Choice {
        let usefulness = |held: &Held| match (tried.contains(held.key()), held.condition(0)) {
            _ if !self.can_be_told(held) || refused == Some(held.key()) => Usefulness::Never,
            (false, _) => held.usefulness(0),
            (true, Condition::Valid) => Usefulness::Now,
            (true, Condition::Expired | Condition::Refused) => Usefulness::Never,
        };
        let mut useful = found.iter().filter(|held| matches!(usefulness(held), Usefulness::Now | Usefulness::Renewed));
        let doubtful = || found.iter().find(|held| usefulness(held) == Usefulness::Doubtful);
        let Some(first) = useful.next().or_else(doubtful) else { return self.refreshable(seen, found) };
        if usefulness(first) == Usefulness::Renewed {
            return Choice::Renew(first.key().clone(), first.secret().clone());
        }
        agent.upstream.note_use(first);
        first.give_doubtful();
        // Git may ask again in the same command only if there is something else to say then.
        // Without a mark one that was refused before would follow again, and so on without end.
        let more = refused.is_none() && (useful.next().is_some() || first.could_heal());
        let state = more && self.state;
        // What would make new passwords of its own server is not sent to another one.
        let refresh = first.credential().git_refresh_token().filter(|_| seen.lent_by(first).is_none());
        let reply = GetReply {
            kind: self.wanted.exact.then(|| first.credential().kind()),
            may_change: self.wanted.exact.then_some(seen.may_change()),
            proof: proof(first, seen.sent_user(first), self),
            password_expiry_utc: first.credential().expires().map(|expiry| expiry.as_unix()),
            oauth_refresh_token: refresh.cloned(),
            state: state
                .then(|| agent.accounts.tag(first) + &named.map(|user| format!("{NAMED}{user}")).unwrap_or_default()),
        };
        Choice::Say(first.key().clone(), Box::new(reply))
    }

    /// A password of another helper that ended, with what that helper makes a new one of: without it, it would ask a
    /// person.
    fn refreshable(&self, seen: Seen<'_>, found: &[&Held]) -> Choice {
        let is_own = |held: &Held| seen.lent_by(held).is_none();
        let can_be = |held: &&&Held| self.refresh && held.condition(0) == Condition::Expired && is_own(held);
        let with_token = |held: &&Held| Some((held.key().clone(), held.credential().git_refresh_token()?.clone()));
        let Some((account, token)) = found.iter().filter(can_be).find_map(with_token) else { return Choice::Nothing };
        let reply = GetReply {
            proof: Proof::Refresh { username: account.user().to_owned() },
            password_expiry_utc: None,
            oauth_refresh_token: Some(token),
            state: None,
            kind: None,
            may_change: None,
        };
        Choice::Say(account, Box::new(reply))
    }

    fn can_be_told(&self, held: &Held) -> bool {
        match held.credential() {
            Credential::Header { .. } => self.authtype,
            Credential::Basic { .. } | Credential::Token { .. } | Credential::OAuth { .. } => true,
        }
    }

    /// Where a login would help, git's person is told, or asked if they are there: for an account that a login made and
    /// that is of no use any more, and at a default server that has no account. Never for a user or a rule without an
    /// account: the login would be somebody else's.
    async fn login_known(
        &self,
        agent: &Agent,
        authority: &Authority,
        config: &Config,
        server: &ServerUrl,
        user: Option<&str>,
    ) -> Result<Option<Fault>, Fault> {
        if !config.autologin() {
            return Ok(None);
        }
        let exact = self.wanted.exact;
        let is_there = |default: &ServerUrl| if exact { default == server } else { default.same_origin(server) };
        let is_meant = |default: &&ServerUrl| is_there(default) && user.is_none() && authority.sees(default);
        let default = config.default_server().filter(is_meant);
        let lends = |second: &SecondOrigin<'_>| user.is_none() && authority.sees(second.login());
        // The settings say whose login is meant here as well.
        let second = self.wanted.second_origin(server, config).filter(lends);
        let default = default.or(second.map(|second| second.login()));
        // Where it is known how to log in, a person need not have done so before. A tool goes on without.
        let described = config.server(server).is_some_and(ServerConfig::describes_login);
        let is_known = self.tool.is_none() && !exact && user.is_none() && (described || known_hosts::is_known(server));
        let origin = server.origin();
        let default = default.or(is_known.then_some(&origin).filter(|origin| authority.sees(origin)));
        let fault = agent.accounts.with(|accounts| {
            let found =
                select::candidates(accounts.meant_by(&self.wanted, self.tool, server, authority, config), server, user);
            match (found.iter().find(|held| is_login(held)), default) {
                (Some(held), _) => Some(fault::no_login(held.key().server(), Some(held.key().user()))),
                (None, Some(default)) if found.is_empty() => Some(fault::no_login(default, None)),
                (None, _) => None,
            }
        });
        fault.await
    }
}

fn is_login(held: &Held) -> bool {
    match held.credential() {
        Credential::Token { source, .. } => *source == TokenSource::Loom,
        Credential::OAuth { terms, .. } => terms.as_ref().is_none_or(|terms| terms.kind == TermsKind::Person),
        Credential::Basic { .. } | Credential::Header { .. } => false,
    }
}

/// In a state, what stands before a user name that git itself had named.
const NAMED: &str = ":";

/// Git comes back with what it was told to say: the server refused that answer. Says which account that was if it is
/// not marked, as whoever asks may only look, or another server lends it: then it is left out of this answer alone.
async fn refuse(
    agent: &Agent,
    authority: &Authority,
    config: &Config,
    server: &ServerUrl,
    tag: &str,
) -> Result<Option<AccountKey>, Fault> {
    let tried = agent.accounts.with(|accounts| {
        let found = select::candidates(accounts.seen_by(authority).and_lent_to(server, config), server, None);
        let tried = found.iter().find(|held| agent.accounts.tag(held) == tag);
        tried.map(|held| (held.key().clone(), held.secret().clone()))
    });
    let Some((account, secret)) = tried.await? else { return Ok(None) };
    // What another server lends is its own to judge: this one may refuse it, and says nothing about it there.
    if !authority.allows(Scope::Write) || !account.server().same_origin(server) {
        return Ok(Some(account));
    }
    agent.accounts.note(&account, &secret, true).await;
    Ok(None)
}

/// A token goes as `Bearer` where the server wants nothing but that and git can; else as a password, which servers of
/// git take as well.
fn proof(held: &Held, user: &str, get: &Get) -> Proof {
    let offers = |scheme: &str| get.schemes.iter().any(|offered| offered == scheme);
    let is_token = matches!(held.credential().kind(), Kind::Token | Kind::OAuth);
    let credential = held.secret().clone();
    match held.credential() {
        Credential::Header { authtype, .. } => {
            Proof::Header { authtype: authtype.clone(), credential, ephemeral: false }
        }
        // Ephemeral: another helper of the chain shall not write our token to its disk.
        _ if get.authtype && is_token && offers("bearer") && !offers("basic") => {
            Proof::Header { authtype: "Bearer".to_owned(), credential, ephemeral: true }
        }
        _ => Proof::Password { username: user.to_owned(), password: credential },
    }
}
