//! Signing in at the HTTP door, with an OpenID provider or with an issued token, and signing out. A session begins only
//! if it could be noted who it is; and it never does more than what was shown for it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use crate::access::{Identity, PREFIX, Purpose, Standing};
use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fair::party::Party;
use crate::agent::fault;
use crate::agent::gate::guest::Guest;
use crate::agent::gate::people::access_tokens::person;
use crate::agent::gate::people::{Away, Basis, Session, form_key};
use crate::agent::gate::viewer::Viewer;
use crate::agent::life::auditing::{About, Who};
use crate::agent::login::read_secret;
use crate::agent::upstream::oauth_fault;
use crate::base::{IssuerConfig, Secret, ServerUrl, from_home};
use crate::oauth::code::Authorization;
use crate::oauth::{Client, OAuthError};
use crate::wire::{
    Actor, Empty, Fault, IssuerInfo, Issuers, IssuersReply, Person, SessionEnd, SessionInfo, SessionReply, Sessions,
    SessionsReply, SignIn, SignInFinish, SignInReply, SignInToken, SignOut, SignOutReply, WhoAmI, WhoAmIReply, reason,
};

impl Handle for Issuers {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<IssuersReply, Fault> {
        let info = |config: &IssuerConfig| IssuerInfo {
            issuer: agent.gate.issuer_name(config),
            name: config.name().to_owned(),
            client_id: config.client_id.clone(),
        };
        Ok(IssuersReply { issuers: agent.gate.issuer_configs()?.iter().map(info).collect() })
    }
}

impl Handle for SignIn {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<SignInReply, Fault> {
        let config = issuer_config(agent, self.issuer.as_deref())?;
        let issuer = agent.gate.issuer(&config).await?;
        let redirect_uri = Url::parse(&self.redirect_uri).map_err(|_| reason::Request::NotARequest)?;
        let client = client(&config)?;
        let server = &issuer.provider.server;
        let begun = Authorization::begin(server, &client, &redirect_uri, &config.scopes(), None, &Default::default());
        let authorization = begun.map_err(|error| from_issuer(&config, error))?;
        let (url, browser) = (authorization.url.to_string(), random()?);
        let away = Away::new(browser.clone(), config.issuer.to_string(), authorization, session_id(agent, caller));
        agent.gate.people.sign_ins.begin(agent.gate.party_asking(caller.asker(), caller.authority()), away);
        Ok(SignInReply { url, browser })
    }
}

impl Handle for SignInFinish {
    const EVENT: Noted = Noted::OfAnother;

    /// Noted under the name of who signed in, or as a failure of who did not.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<SessionReply, Fault> {
        let signed_in = self.signed_in(agent, guest(caller)?).await;
        // Who is known and has no role is noted by name.
        if let Err(fault) = &signed_in
            && !fault::is_not_let_in(fault)
        {
            agent.audit.note("auth.fail", caller.actor(), None, Err(fault.code()));
        }
        signed_in
    }
}

impl SignInFinish {
    async fn signed_in(self, agent: &Agent, guest: &Guest) -> Result<SessionReply, Fault> {
        let away = agent.gate.people.sign_ins.take(&self.browser).ok_or(reason::People::SignInUnknown)?;
        let config = issuer_config(agent, Some(&away.issuer))?;
        let issuer = agent.gate.issuer(&config).await?;
        let failed = |error| from_issuer(&config, error);
        let url = Url::parse(&self.url).map_err(|_| reason::Request::NotARequest)?;
        let (server, client) = (&issuer.provider.server, client(&config)?);
        let returned = away.authorization.returned(server, &url).map_err(failed)?;
        let nonce = away.authorization.nonce.clone().ok_or(reason::Request::Internal)?;
        let tokens = away.authorization.redeem(&issuer.http, server, &client, returned).await.map_err(failed)?;
        let id_token = tokens.id_token.ok_or_else(|| failed(OAuthError::NotOAuth))?;
        let Some(claims) = agent.gate.verified(&config, &id_token, Purpose::Id { nonce: &nonce }).await? else {
            return Err(failed(OAuthError::BadToken));
        };
        let address = guest.address();
        let identity = Identity::new(&claims, &config);
        let person = person(&claims, &identity);
        let let_in = identity.rights(&config);
        agent.gate.signed_in_anew(&identity, &person, guest, let_in.is_ok()).await?;
        if let Err(refused) = let_in {
            return Err(agent.gate.not_let_in(&person, guest, refused));
        }
        let basis = Basis::Identity(identity);
        let door = guest.door().clone();
        let session = Session::new(person, basis, door, Some(id_token), address).map_err(no_random)?;
        begin(agent, session, away.replaces).await
    }
}

impl Handle for SignInToken {
    const EVENT: Noted = Noted::OfAnother;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<SessionReply, Fault> {
        let guest = guest(caller)?;
        let shown = Some(&self.token).filter(|token| token.expose().starts_with(PREFIX));
        let id = shown.map(|token| agent.gate.id_of_token(token)).transpose()?.flatten();
        let id = id.ok_or_else(|| agent.gate.wrong_proof(guest, &self.token))?;
        let signed_in = with_token(agent, guest, id.clone(), session_id(agent, caller)).await;
        if let Err(fault) = &signed_in {
            let holder = Actor::Token { token_id: id, address: Some(guest.address().to_string()) };
            agent.audit.note("auth.fail", Who::from(holder).at(guest.door()), None, Err(fault.code()));
        }
        signed_in
    }
}

/// Begins a session of who has this token.
async fn with_token(agent: &Agent, guest: &Guest, id: String, replaces: Option<String>) -> Result<SessionReply, Fault> {
    let found = agent.gate.issued_token(id.clone()).await?.ok_or(reason::Rights::ProofUnknown)?;
    let standing = Standing::of_token(&id).and(guest.door());
    // A session would make as many uses of it, and of those that issued it, as it likes.
    if agent.gate.is_counted(&standing)? {
        return Err(reason::People::CountedToken.into());
    }
    let person = Person { name: found.name.clone(), subject: None, issuer: None };
    let (basis, address) = (Basis::Token(id), guest.address());
    let door = guest.door().clone();
    let session = Session::new(person, basis, door, None, address).map_err(no_random)?;
    begin(agent, session, replaces).await
}

impl Handle for SignOut {
    const EVENT: Noted = Noted::Done("auth.sign_out");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<SignOutReply, Fault> {
        let session = caller.guest().and_then(|guest| guest.session()).ok_or(reason::Rights::Unauthenticated)?;
        let found = agent.gate.people.sessions.find(session).ok_or(reason::Rights::Unauthenticated)?;
        caller.concerns(&found.id);
        let ended = agent.gate.people.sessions.end(&found.id);
        if ended.is_some() {
            // Here it has ended, whatever becomes of it at the issuer.
            caller.notes_done();
        }
        let url = match ended.and_then(|ended| Some((ended.id_token?, ended.person.issuer?))) {
            Some((id_token, issuer)) => {
                end_session(agent, &id_token, &issuer, self.back_to.as_deref()).await.ok().flatten()
            }
            None => None,
        };
        Ok(SignOutReply { url })
    }
}

impl Handle for WhoAmI {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, _: &Agent, caller: &mut Caller<'_>) -> Result<WhoAmIReply, Fault> {
        let (guest, authority) = (caller.guest(), caller.authority());
        Ok(WhoAmIReply {
            person: guest.and_then(|guest| guest.person().cloned()),
            token_id: guest.map_or(authority.token(), Guest::token).map(str::to_owned),
            scopes: authority.scopes(),
            reveal: authority.reveals(),
            form_key: guest.and_then(|guest| guest.session()).map(form_key),
        })
    }
}

impl Handle for Sessions {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<SessionsReply, Fault> {
        let viewer = Viewer::new(caller.asker(), caller.authority());
        let mut sessions = Vec::new();
        for (session, left) in agent.gate.people.sessions.all() {
            if !agent.gate.may_see(&viewer, &session) {
                continue;
            }
            // What is no more ends with its next request.
            let Some(authority) = agent.gate.authority_of_session(&session)? else { continue };
            let Session { id, person, address, .. } = session;
            let scopes = authority.scopes();
            sessions.push(SessionInfo { id, person, address: address.to_string(), scopes, expires_in: left.as_secs() });
        }
        Ok(SessionsReply { sessions })
    }
}

impl Handle for SessionEnd {
    const EVENT: Noted = Noted::Done("auth.session_end");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        caller.concerns(&self.id);
        let viewer = Viewer::new(caller.asker(), caller.authority());
        let found = agent.gate.people.sessions.look(&self.id).filter(|found| agent.gate.may_see(&viewer, found));
        let ended = found.and_then(|found| agent.gate.people.sessions.end(&found.id));
        ended.ok_or_else(|| fault::no_such_session(&self.id))?;
        caller.notes_done();
        Ok(Empty {})
    }
}

/// Begins a session, in the place of the one that the same browser had. Nobody signs in of whom the log would not know.
async fn begin(agent: &Agent, session: Session, replaces: Option<String>) -> Result<SessionReply, Fault> {
    let authority = agent.gate.authority_of_session(&session)?.ok_or(reason::Rights::ProofUnknown)?;
    let token = match &session.basis {
        Basis::Token(id) => Some(id.as_str()),
        Basis::Identity(_) => None,
    };
    let party = agent.gate.party_of(Party::at(session.address), Some(&session.person), token, &authority);
    agent.audit.can_note().await?;
    let begun = agent.gate.people.sessions.begin(party, session.clone());
    let (secret, gone) = begun.map_err(no_random)?;
    agent.audit.note("auth.sign_in", session.who(), About::right(&session.id), Ok(()));
    if let Some(gone) = gone {
        // It made room for this one.
        agent.audit.note("auth.session_end", session.who(), About::right(&gone.id), Ok(()));
    }
    if let Some(replaced) = replaces.and_then(|id| agent.gate.people.sessions.end(&id)) {
        agent.audit.note("auth.sign_out", replaced.who(), About::right(&replaced.id), Ok(()));
    }
    if let Err(fault) = agent.audit.rights_noted().await {
        if agent.gate.people.sessions.end(&session.id).is_some() {
            agent.audit.note("auth.session_end", session.ended_by_agent(), About::right(&session.id), Ok(()));
        }
        return Err(fault);
    }
    Ok(SessionReply { session: secret, person: session.person.name })
}

fn guest<'a>(caller: &Caller<'a>) -> Result<&'a Guest, Fault> {
    caller.guest().ok_or_else(|| reason::Request::Internal.into())
}

/// The session that whoever asks has already.
fn session_id(agent: &Agent, caller: &Caller<'_>) -> Option<String> {
    let session = caller.guest()?.session()?;
    agent.gate.people.sessions.find(session).map(|found| found.id)
}

fn issuer_config(agent: &Agent, named: Option<&str>) -> Result<IssuerConfig, Fault> {
    let mut all = agent.gate.issuer_configs()?;
    let at = match named {
        Some(named) => all.iter().position(|config| config.issuer.is(named)),
        None => Some(0).filter(|_| !all.is_empty()),
    };
    at.map(|at| all.swap_remove(at)).ok_or_else(|| reason::People::NoIssuer.into())
}

fn client(config: &IssuerConfig) -> Result<Client, Fault> {
    let secret = config.client_secret_file.as_deref().map(|path| read_secret(&from_home(path)));
    Ok(Client::new(config.client_id.clone(), secret.transpose()?, false))
}

fn from_issuer(config: &IssuerConfig, error: OAuthError) -> Fault {
    match ServerUrl::parse(&config.issuer.url().origin().ascii_serialization()) {
        Ok(server) => oauth_fault::from_decision(&server, error),
        Err(error) => fault::from_server_url(&config.issuer, &error),
    }
}

/// The address at which the browser signs out of the issuer as well.
async fn end_session(
    agent: &Agent,
    id_token: &Secret,
    issuer: &str,
    back_to: Option<&str>,
) -> Result<Option<String>, Fault> {
    let config = issuer_config(agent, Some(issuer))?;
    let issuer = agent.gate.issuer(&config).await?;
    let Some(endpoint) = &issuer.provider.end_session_endpoint else { return Ok(None) };
    let mut url = endpoint.url().clone();
    url.query_pairs_mut()
        .append_pair("id_token_hint", id_token.expose())
        .append_pair("client_id", &config.client_id)
        .extend_pairs(back_to.map(|to| ("post_logout_redirect_uri", to)));
    Ok(Some(url.into()))
}

fn no_random(error: getrandom::Error) -> Fault {
    reason::Tokens::NoRandom { error: error.to_string() }.into()
}

fn random() -> Result<Secret, Fault> {
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(no_random)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Authority;
    use crate::agent::gate::new_token::NewToken;
    use crate::base::{Paths, StoreChoice, StoredIn};

    #[tokio::test]
    async fn a_session_that_makes_room_for_another_one_is_noted_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        let agent = Agent::new(paths.clone(), Some(StoreChoice::In(StoredIn::File)), false);
        let token = NewToken::named("me", "*");
        let (_, token) = agent.gate.issue(&Authority::owner(), token).await.unwrap();
        let session = || {
            let person = Person { name: "me".to_owned(), subject: None, issuer: None };
            let basis = Basis::Token(token.id.clone());
            Session::new(person, basis, Standing::default(), None, [127, 0, 0, 1].into()).unwrap()
        };
        let mut all = Vec::new();
        let ends = || std::fs::read_to_string(paths.audit_rights()).unwrap().matches("auth.session_end").count();
        while all.len() < 1000 {
            let session = session();
            all.push(session.id.clone());
            agent.gate.people.sessions.begin(Party::at(session.address), session).unwrap();
        }
        begin(&agent, session(), None).await.unwrap();
        assert_eq!(ends(), 1);
        let log = std::fs::read_to_string(paths.audit_rights()).unwrap();
        let end = log.lines().find(|line| line.contains("auth.session_end")).unwrap();
        assert!(end.contains(&all[0]), "{end}");
        assert!(end.contains(&token.id), "{end}");
    }
}
