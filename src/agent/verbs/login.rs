use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::save::finish;
use crate::agent::dispatch::Handle;
use crate::agent::flights::Boarding;
use crate::agent::{Agent, Caller, fault};
use crate::base::{AccountKey, Credential, Secret, ServerUrl, TokenSource};
use crate::msg;
use crate::oauth::Http;
use crate::oauth::loom_dialect::{self, INTERVAL, Poll, Started};
use crate::wire::{Code, Condition, Fault, Flow, Login, LoginEvent, LoginReply};

/// The longest pause between two polls of a server in trouble, unless it asks for a longer one.
const MAX_PAUSE: Duration = Duration::from_secs(10);

impl Handle for Login {
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LoginReply, Fault> {
        let server = agent.server(self.server)?;
        let seat = match self.for_git {
            false => agent.flights.take(&server),
            true => match agent.flights.board(&server) {
                Boarding::Mine(seat) => seat,
                Boarding::Others(waiting) => {
                    return join(agent, &server, self.account.as_deref(), waiting, caller).await;
                }
                Boarding::LeftAlone => return Err(fault::not_logged_in(&server)),
            },
        };
        // A store that cannot keep the login is found out before a person is asked to approve it.
        agent.with_accounts(|_| ()).await?;
        let http = agent.http()?;
        let token = match self.flow {
            Flow::Auto | Flow::Loom => by_loom_dialect(http, &server, caller).await?,
        };
        // From here on the server counts the person as logged in, so the token is kept even if nobody waits for it.
        let credential = Credential::Token { token, source: TokenSource::Loom };
        let reply = finish(agent, caller.locale, AccountKey::new(server, self.account), credential).await?;
        seat.arrived();
        Ok(reply)
    }
}

/// Waits for the login that somebody else began, and answers with what came of it.
async fn join(
    agent: &Agent,
    server: &ServerUrl,
    user: Option<&str>,
    mut waiting: watch::Receiver<()>,
    caller: &mut Caller<'_>,
) -> Result<LoginReply, Fault> {
    caller.tell(&LoginEvent::Waiting).await;
    tokio::select! {
        // It never changes; it closes.
        _ = waiting.changed() => {}
        () = caller.hung_up() => return Err(fault::cancelled()),
    }
    let found = agent.for_person(server, user, |held| {
        let reply = LoginReply {
            server: held.key().server().clone(),
            account: held.key().user().to_owned(),
            stored_in: held.stored_in(),
            expires_at: held.credential().expires(),
            note: None,
            became_default: false,
        };
        Some(reply).filter(|_| held.condition(0) == Condition::Valid)
    });
    found.await?.flatten().ok_or_else(|| fault::not_logged_in(server))
}

async fn by_loom_dialect(http: &Http, server: &ServerUrl, caller: &mut Caller<'_>) -> Result<Secret, Fault> {
    let started = tokio::select! {
        started = loom_dialect::start(http, server) => started.map_err(|error| fault::from_login(server, error))?,
        () = caller.hung_up() => return Err(fault::cancelled()),
    };
    let until = Instant::now() + started.expires_in;
    let event = LoginEvent::Approve {
        verification_url: started.verification_url.to_string(),
        user_code: started.user_code.clone(),
        expires_in: started.expires_in.as_secs(),
        same_origin: is_at(&started.verification_url, server),
    };
    if !caller.tell(&event).await {
        return Err(fault::cancelled());
    }
    wait(http, server, &started, until, caller).await
}

/// Polls until the login is decided. A server in trouble is asked less and less often.
async fn wait(
    http: &Http,
    server: &ServerUrl,
    login: &Started,
    until: Instant,
    caller: &mut Caller<'_>,
) -> Result<Secret, Fault> {
    let mut pause = INTERVAL;
    while Instant::now() < until {
        tokio::select! {
            () = sleep_until(until.min(Instant::now() + pause)) => {}
            () = caller.hung_up() => return Err(fault::cancelled()),
        }
        // Not cancelled in mid-request: an answer that says "completed" comes only once.
        match loom_dialect::poll(http, server, login).await {
            Ok(Poll::Completed(token)) => return Ok(token),
            Ok(Poll::Pending) => pause = INTERVAL,
            Ok(Poll::Expired) => return Err(expired(server)),
            Ok(Poll::Trouble(asked)) => {
                if pause == INTERVAL {
                    caller.tell(&LoginEvent::Retrying).await;
                }
                pause = asked.unwrap_or((pause * 2).min(MAX_PAUSE));
            }
            Err(error) => return Err(fault::from_login(server, error)),
        }
    }
    Err(expired(server))
}

fn is_at(page: &url::Url, server: &ServerUrl) -> bool {
    let origin = page.origin().ascii_serialization();
    ServerUrl::parse(&origin).is_ok_and(|origin| origin.same_origin(server))
}

fn expired(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("code-expired")).hint(msg!("hint-login", server = server))
}
