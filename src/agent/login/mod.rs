//! Logging in at a server, by whichever way fits: each is a file. All end with a [`Credential`].

mod browser;
mod client;
mod device;
mod keep;
mod loom;
mod machine;
mod page;
mod paste;
mod plan;
mod token;

pub(super) use keep::keep;
pub(super) use plan::read_secret;
use plan::{LoginWay, Plan};

use crate::agent::call::caller::Caller;
use crate::agent::upstream::Upstream;
use crate::agent::upstream::oauth_fault;
use crate::base::{Credential, ServerUrl};
use crate::wire::{Fault, Flow, Login, LoginEvent, reason};

/// What a login came to.
pub(super) struct Made {
    pub(super) credential: Credential,
    /// Whose it is, where the credential itself does not say so.
    pub(super) user: Option<String>,
}

impl From<Credential> for Made {
    fn from(credential: Credential) -> Made {
        Made { credential, user: None }
    }
}

/// Finds out how, and does it. Dropping out is how a caller cancels.
pub(super) async fn log_in(
    upstream: &Upstream,
    server: &ServerUrl,
    question: &Login,
    caller: &mut Caller<'_>,
) -> Result<Made, Fault> {
    match by_oauth(upstream, server, question, caller).await {
        // As long as nobody has a client there, a person makes a token.
        Err(fault) if is_no_client(&fault) && token::is_possible(upstream, server, question)? => {
            token::run(upstream, server, question, caller).await
        }
        made => made.map(Made::from),
    }
}

/// Whether all that lacks is a client, or a word of the server's how to log in.
fn is_no_client(fault: &Fault) -> bool {
    use reason::Flow::{NoClient, RegisterAt, SaysNothing};
    matches!(fault.about(), Some(NoClient { .. } | RegisterAt { .. } | SaysNothing { .. }))
        || matches!(fault.about(), Some(reason::Upstream::NotLoom { .. }))
}

async fn by_oauth(
    upstream: &Upstream,
    server: &ServerUrl,
    question: &Login,
    caller: &mut Caller<'_>,
) -> Result<Credential, Fault> {
    if question.flow == Flow::Loom {
        return loom::run(&upstream.network.http(server)?, server, caller).await;
    }
    let authority = caller.authority().clone();
    let plan = tokio::select! {
        plan = Plan::make(upstream, &authority, server, question) => plan?,
        fault = caller.hung_up() => return Err(fault),
    };
    let Some(mut plan) = plan else {
        return match question.flow {
            // The oldest way, for servers that say nothing of themselves.
            Flow::Auto | Flow::Loom => loom::run(&upstream.network.http(server)?, server, caller).await,
            Flow::Device | Flow::Browser | Flow::Paste | Flow::ClientCredentials => {
                Err(oauth_fault::says_nothing(server))
            }
        };
    };
    let way = plan.aim.way(question)?;
    if way != LoginWay::Browser {
        // Others may need it meanwhile.
        plan.chosen.port = None;
    }
    let credential = match way {
        LoginWay::Browser => browser::run(&mut plan, question.paste, caller).await,
        LoginWay::Paste => paste::run(&plan, caller).await,
        LoginWay::Device => device::run(&mut plan, caller).await,
        LoginWay::Machine => machine::run(&plan).await,
    }?;
    let scopes = plan.aim.beyond(&credential);
    if !scopes.is_empty() {
        caller.tell(&LoginEvent::Beyond { scopes }).await;
    }
    Ok(credential)
}
