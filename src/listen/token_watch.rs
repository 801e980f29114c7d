use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::agent::Agent;
use crate::os::changes::Changes;

/// How often rights are looked at in any case: another machine may have changed them, and a timer stands still while
/// this one sleeps.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How often rights are looked at where the system does not tell when the file of tokens changes.
const BLIND: Duration = Duration::from_secs(2);

/// Tells the agent when another one may have changed the tokens, or somebody the settings, for as long as something
/// lasts that would end with one of them. An idle agent is woken up for nothing.
pub(super) async fn watch_tokens(agent: Arc<Agent>) {
    loop {
        tokio::select! {
            () = agent.gate.ends_are_awaited(true) => {}
            () = agent.stopping.asked() => return,
        }
        let tokens = agent.gate.tokens_file().and_then(|(dir, name)| Changes::of(&dir, vec![name]).ok());
        let settings = agent.settings.place().and_then(|(dir, name)| Changes::of_written(&dir, vec![name]).ok());
        let every = if tokens.is_some() { LOOK_EVERY } else { BLIND };
        // What happened before is not told.
        agent.gate.rights_may_have_ended();
        loop {
            tokio::select! {
                () = next(tokens.as_ref()) => {}
                () = next(settings.as_ref()) => {}
                () = sleep(every) => {}
                () = agent.gate.ends_are_awaited(false) => break,
                () = agent.stopping.asked() => return,
            }
            agent.gate.rights_may_have_ended();
        }
    }
}

async fn next(changes: Option<&Changes>) {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}
