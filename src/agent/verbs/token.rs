//! Hands out an access token, renewed first if it ends too soon, perhaps for fewer scopes or another resource. What was
//! made for one question is handed out and not kept; only a new refresh token is.

use crate::agent::Agent;
use crate::agent::accounts::held::{Held, Usefulness};
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::upstream::oauth_fault;
use crate::base::{AccountKey, Credential, GrantKind};
use crate::oauth::{Wish, scopes};
use crate::wire::{Condition, Fault, Token, TokenReply};

impl Handle for Token {
    const EVENT: Noted = Noted::Asked("token.get");
    const USES_WHAT_IS_KEPT: bool = true;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<TokenReply, Fault> {
        let user = self.account.as_deref();
        let server = caller.server(&agent.settings, self.server.clone(), user)?;
        let margin = i64::from(self.min_validity);
        let look =
            |held: &Held, _: &str| (held.usefulness(margin), reply(held), held.key().clone(), held.healed_enough());
        let found = agent.accounts.for_use(caller.authority(), &server, user, look).await?;
        let config = agent.settings.config()?;
        let nothing = |caller: &Caller<'_>| {
            // Where to log in: the settings may say that another server's login is meant.
            let second = config.second_origin(&server).filter(|second| caller.authority().sees(second.login()));
            agent.accounts.nothing_at(caller.authority(), second.map_or(&server, |second| second.login()), user)
        };
        let Some((usefulness, found, account, wait)) = found else { return Err(nothing(caller)) };
        let mut failed = None;
        if usefulness == Usefulness::Renewed {
            failed = match margin {
                0 => agent.upstream.renew_in_time(&account, &found.token).await.err(),
                _ => agent.upstream.renew(&account, &found.token).await.err(),
            };
        }
        let look = |held: &Held, _: &str| {
            agent.upstream.note_use(held);
            held.give_doubtful();
            // What a renewal brought is as fresh as it gets; where it failed the old one may still do.
            let enough = if usefulness == Usefulness::Renewed && failed.is_none() { 0 } else { margin };
            (held.condition(enough), reply(held))
        };
        let Some((condition, reply)) = agent.accounts.for_use(caller.authority(), &server, user, look).await? else {
            return Err(nothing(caller));
        };
        let account = AccountKey::new(reply.server.clone(), Some(reply.account.clone()));
        let is_lent = !account.server().same_origin(&server);
        if condition == Condition::Valid || usefulness == Usefulness::Doubtful {
            caller.is_about(account.server(), Some(account.user()))?;
            if is_lent {
                caller.is_sent_to(&server)?;
            }
            return self.by_wish(agent, &account, reply).await;
        }
        // Where to log in.
        let at = if is_lent { account.server() } else { &server };
        Err(match (condition, failed, wait) {
            (_, Some(failed), _) => failed,
            (Condition::Refused, None, Some(wait)) => fault::renewed_again_in(at, wait),
            (Condition::Refused, None, None) => fault::login_refused(at),
            (Condition::Expired | Condition::Valid, None, _) => fault::login_expired(at),
        })
    }
}

impl Token {
    /// The login's own token, or one for just what was asked for.
    async fn by_wish(self, agent: &Agent, account: &AccountKey, reply: TokenReply) -> Result<TokenReply, Fault> {
        let wish = Wish { scopes: self.scopes, resource: self.resource, audience: self.audience };
        if wish.is_nothing() {
            return Ok(reply);
        }
        let grant = |held: &Held| {
            held.credential().grant().map(|grant| {
                // A machine names the audience when it asks for its own token.
                (grant.exchange || grant.kind == GrantKind::Machine, grant.scopes.clone())
            })
        };
        let grant = agent.accounts.with(|accounts| accounts.get(account).and_then(grant)).await?;
        let Some((exchange, granted)) = grant else { return Err(oauth_fault::not_renewable(account.server())) };
        if wish.audience.is_some() && !exchange {
            return Err(oauth_fault::no_exchange(account.server()));
        }
        let asked = wish.scopes.clone();
        let tokens = agent.upstream.wished(account, &wish).await?;
        // Whoever asks for less gives it to somebody who shall have no more.
        let beyond = scopes::beyond(&asked, tokens.scopes.as_deref().unwrap_or_default());
        if !beyond.is_empty() {
            return Err(oauth_fault::beyond(account.server(), &beyond));
        }
        let usual = if asked.is_empty() { granted } else { asked };
        let scopes = tokens.scopes.unwrap_or(usual);
        Ok(TokenReply { token: tokens.access, expires_at: tokens.expires, scopes, ..reply })
    }
}

fn reply(held: &Held) -> TokenReply {
    let credential: &Credential = held.credential();
    TokenReply {
        server: held.key().server().clone(),
        account: held.key().user().to_owned(),
        token: held.secret().clone(),
        expires_at: credential.expires(),
        scopes: credential.scopes().to_vec(),
    }
}
