//! Hands out an access token, renewed first if it ends too soon, perhaps for fewer scopes or another resource. What was
//! made for one question is handed out and not kept; only a new refresh token is. The ID token of a login is kept with
//! it and handed out in the same way: each renewal of the login may bring a new one.

use crate::access::Authority;
use crate::agent::Agent;
use crate::agent::accounts::held::{Held, Usefulness};
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::upstream::oauth_fault;
use crate::base::{AccountKey, Credential, IdToken, Secret, ServerUrl, TermsKind, clock};
use crate::oauth::{Wish, scopes};
use crate::wire::{Condition, Fault, Token, TokenReply, reason};

/// An ID token that ends within so many seconds is renewed before it is handed out.
const EARLY: i64 = 30;

impl Handle for Token {
    const EVENT: Noted = Noted::Asked("token.get");
    const USES_WHAT_IS_KEPT: bool = true;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<TokenReply, Fault> {
        let user = self.account.as_deref();
        let server = caller.server(&agent.settings, self.server.clone(), user)?;
        if self.id_token {
            return self.of_id(agent, caller, &server).await;
        }
        let margin = i64::from(self.min_validity);
        let look = |held: &Held, sent: &str| {
            (held.usefulness(margin), reply(held, sent), held.key().clone(), held.healed_enough())
        };
        let found = agent.accounts.for_use(caller.authority(), &server, user, look).await?;
        let Some((usefulness, found, account, wait)) = found else {
            return Err(nothing(agent, caller.authority(), &server, user));
        };
        let mut failed = None;
        if usefulness == Usefulness::Renewed {
            failed = match margin {
                0 => agent.upstream.renew_in_time(&account, &found.token).await.err(),
                _ => agent.upstream.renew(&account, &found.token).await.err(),
            };
        }
        let look = |held: &Held, sent: &str| {
            agent.upstream.note_use(held);
            held.give_doubtful();
            // What a renewal brought is as fresh as it gets; where it failed the old one may still do.
            let enough = if usefulness == Usefulness::Renewed && failed.is_none() { 0 } else { margin };
            (held.condition(enough), reply(held, sent))
        };
        let found = agent.accounts.for_use(caller.authority(), &server, user, look).await?;
        let Some((condition, reply)) = found else { return Err(nothing(agent, caller.authority(), &server, user)) };
        let account = AccountKey::new(reply.server.clone(), Some(reply.account.clone()));
        if condition == Condition::Valid || usefulness == Usefulness::Doubtful {
            hands_out(caller, &account, &server)?;
            return self.by_wish(agent, &account, reply).await;
        }
        // Where to log in.
        let at = if account.server().same_origin(&server) { &server } else { account.server() };
        Err(match (condition, failed, wait) {
            (_, Some(failed), _) => failed,
            (Condition::Refused, None, Some(wait)) => fault::renewed_again_in(at, wait),
            (Condition::Refused, None, None) => fault::login_refused(at),
            (Condition::Expired | Condition::Valid, None, _) => fault::login_expired(at),
        })
    }
}

/// What is known of a login, for its ID token.
struct OfLogin {
    reply: TokenReply,
    account: AccountKey,
    secret: Secret,
    id_token: Option<IdToken>,
    is_refused: bool,
    is_renewable: bool,
}

impl OfLogin {
    fn of(held: &Held, sent: &str) -> OfLogin {
        let is_refused = held.condition(0) == Condition::Refused;
        OfLogin {
            reply: reply(held, sent),
            account: held.key().clone(),
            secret: held.secret().clone(),
            id_token: held.credential().terms().and_then(|terms| terms.id_token.clone()),
            is_refused,
            is_renewable: held.credential().is_renewable() && (!is_refused || held.could_heal()),
        }
    }

    /// Whether the ID token can be handed out and lasts so many seconds more.
    fn lasts(&self, margin: i64) -> bool {
        let lasts = |id: &IdToken| !id.expires.ends_within(margin, clock::now());
        !self.is_refused && self.id_token.as_ref().is_some_and(lasts)
    }
}

impl Token {
    /// The login's ID token, after a renewal of the login if it ends too soon.
    async fn of_id(self, agent: &Agent, caller: &mut Caller<'_>, server: &ServerUrl) -> Result<TokenReply, Fault> {
        if self.audience.is_some() || self.resource.is_some() || !self.scopes.is_empty() {
            return Err(reason::Login::IdTokenAlone.into());
        }
        let (margin, authority) = (i64::from(self.min_validity), caller.authority().clone());
        let mut found = self.login(agent, &authority, server).await?;
        let mut failed = None;
        if !found.lasts(margin.max(EARLY)) && found.is_renewable {
            failed = agent.upstream.renew(&found.account, &found.secret).await.err();
            found = self.login(agent, &authority, server).await?;
        }
        // What a renewal brought is as fresh as it gets; where it failed the old one may still do.
        let lasts = found.lasts(if failed.is_some() { margin } else { 0 });
        let OfLogin { reply, account, id_token, is_refused, .. } = found;
        match (id_token, failed) {
            (Some(id), _) if lasts => {
                hands_out(caller, &account, server)?;
                Ok(TokenReply { token: id.token, expires_at: Some(id.expires), scopes: Vec::new(), ..reply })
            }
            (_, Some(failed)) => Err(failed),
            (_, None) if is_refused => Err(fault::login_refused(account.server())),
            (Some(_), None) => Err(reason::Login::IdTokenEnded { server: account.server().clone() }.into()),
            (None, None) => Err(reason::Login::NoIdToken { server: account.server().clone() }.into()),
        }
    }

    async fn login(&self, agent: &Agent, authority: &Authority, server: &ServerUrl) -> Result<OfLogin, Fault> {
        let user = self.account.as_deref();
        let found = agent.accounts.for_use(authority, server, user, OfLogin::of).await?;
        found.ok_or_else(|| nothing(agent, authority, server, user))
    }

    /// The login's own token, or one for just what was asked for.
    async fn by_wish(self, agent: &Agent, account: &AccountKey, reply: TokenReply) -> Result<TokenReply, Fault> {
        let wish = Wish { scopes: self.scopes, resource: self.resource, audience: self.audience };
        if wish.is_nothing() {
            return Ok(reply);
        }
        let terms = |held: &Held| {
            held.credential().terms().map(|terms| {
                // A machine names the audience when it asks for its own token.
                (terms.exchange || terms.kind == TermsKind::Machine, terms.scopes.clone())
            })
        };
        let terms = agent.accounts.with(|accounts| accounts.get(account).and_then(terms)).await?;
        let Some((exchange, granted)) = terms else { return Err(oauth_fault::not_renewable(account.server())) };
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

/// Why there is nothing, with where to log in: the settings may say that another server's login is meant.
fn nothing(agent: &Agent, authority: &Authority, server: &ServerUrl, user: Option<&str>) -> Fault {
    match agent.settings.config() {
        Ok(config) => {
            let second = config.second_origin(server).filter(|second| authority.sees(second.login()));
            agent.accounts.nothing_at(authority, second.map_or(server, |second| second.login()), user)
        }
        Err(fault) => fault,
    }
}

/// Says whose secret is handed out, and for which other server it is.
fn hands_out(caller: &mut Caller<'_>, account: &AccountKey, server: &ServerUrl) -> Result<(), Fault> {
    caller.is_about(account.server(), Some(account.user()))?;
    if account.server().same_origin(server) { Ok(()) } else { caller.is_sent_to(server) }
}

fn reply(held: &Held, sent: &str) -> TokenReply {
    let credential: &Credential = held.credential();
    let (username, authtype) = match credential {
        Credential::Header { authtype, .. } => (None, Some(authtype.clone())),
        Credential::Basic { .. } => (Some(sent.to_owned()), Some("Basic".to_owned())),
        Credential::Token { .. } | Credential::OAuth { .. } => (Some(sent.to_owned()), None),
    };
    TokenReply {
        server: held.key().server().clone(),
        account: held.key().user().to_owned(),
        token: held.secret().clone(),
        expires_at: credential.expires(),
        scopes: credential.scopes().to_vec(),
        username,
        authtype,
    }
}
