use tokio::sync::watch;

use super::save::finish;
use crate::agent::dispatch::Handle;
use crate::agent::flights::Boarding;
use crate::agent::{Agent, Caller, fault, login};
use crate::base::{AccountKey, ServerUrl};
use crate::wire::{Fault, Login, LoginEvent, LoginReply};

impl Handle for Login {
    const EVENT: Option<&'static str> = Some("login");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LoginReply, Fault> {
        let server = agent.server(self.server.clone())?;
        caller.is_about(&server, self.account.as_deref())?;
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
        let credential = login::log_in(agent, &server, &self, caller).await?;
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
        fault = caller.hung_up() => return Err(fault),
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
        Some(reply).filter(|_| held.is_of_use())
    });
    found.await?.flatten().ok_or_else(|| fault::not_logged_in(server))
}
