use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::watch::Changes;
use crate::agent::Agent;

/// How often the tokens are looked at in any case: another machine may have changed them, and a timer stands still while
/// this one sleeps.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The same where nothing tells of changes.
const BLIND: Duration = Duration::from_secs(2);

/// Tells the agent when another one may have changed the tokens, for as long as something lasts that would end with one of
/// them. An idle agent is woken up for nothing.
pub(super) async fn watch_tokens(agent: Arc<Agent>) {
    loop {
        tokio::select! {
            () = agent.ends_are_awaited(true) => {}
            () = agent.stopping.asked() => return,
        }
        let changes = agent.tokens_file().and_then(|(dir, name)| Changes::of(&dir, vec![name]).ok());
        // What happened before is not told.
        agent.rights_may_have_ended();
        loop {
            let (changed, every) = match &changes {
                Some(changes) => (Some(changes.next()), LOOK_EVERY),
                None => (None, BLIND),
            };
            tokio::select! {
                () = async { match changed { Some(changed) => changed.await, None => std::future::pending().await } } => {}
                () = sleep(every) => {}
                () = agent.ends_are_awaited(false) => break,
                () = agent.stopping.asked() => return,
            }
            agent.rights_may_have_ended();
        }
    }
}
