//! The Loom dialect, where the server published nothing.
//!
//! Page and code come from `/auth/device/start`, then `/auth/device/poll` is asked once a second, less often while the
//! server is in trouble.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::agent::call::caller::Caller;
use crate::agent::fault;
use crate::base::{Credential, Secret, ServerUrl, TokenSource};
use crate::net::Http;
use crate::oauth::loom_dialect::{self, INTERVAL, Poll, Started};
use crate::wire::{Fault, LoginEvent, reason};

/// The longest pause between two polls of a server in trouble, unless it asks for a longer one.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Shows page and code of a Loom server, and polls until the login is decided.
pub(super) async fn run(http: &Http, server: &ServerUrl, caller: &mut Caller<'_>) -> Result<Credential, Fault> {
    let started = tokio::select! {
        started = loom_dialect::start(http, server) => started.map_err(|error| fault::from_loom(server, error))?,
        fault = caller.hung_up() => return Err(fault),
    };
    let until = Instant::now() + started.expires_in;
    let event = LoginEvent::Approve {
        verification_url: started.verification_url.to_string(),
        verification_url_complete: None,
        user_code: started.user_code.clone(),
        expires_in: started.expires_in.as_secs(),
        same_origin: server.is_origin_of(&started.verification_url),
    };
    if !caller.tell(&event).await {
        return Err(reason::Request::Cancelled.into());
    }
    // From here on the server counts the person as logged in, so the token is kept even if nobody waits for it.
    let token = wait(http, server, &started, until, caller).await?;
    Ok(Credential::token(token, TokenSource::Loom))
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
            fault = caller.hung_up() => return Err(fault),
        }
        // Not cancelled in mid-request: an answer that says "completed" comes only once.
        match loom_dialect::poll(http, server, login).await {
            Ok(Poll::Completed(token)) => return Ok(token),
            Ok(Poll::Pending) => pause = INTERVAL,
            Ok(Poll::Expired) => return Err(fault::code_expired(server)),
            Ok(Poll::Trouble(asked)) => {
                if pause == INTERVAL {
                    caller.tell(&LoginEvent::Retrying).await;
                }
                pause = asked.unwrap_or((pause * 2).min(MAX_PAUSE));
            }
            Err(error) => return Err(fault::from_loom(server, error)),
        }
    }
    Err(fault::code_expired(server))
}
