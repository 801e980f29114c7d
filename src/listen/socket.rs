use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::door::Door;
use super::doors::serve_further;
use super::hall::Hall;
use super::token_watch::watch_tokens;
use crate::agent::Agent;

/// How long a request may take to be finished when the agent ends, and what is still to be written then: a server or a
/// disk that hangs keeps nobody's machine from shutting down. Together less than a successor waits.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
const WRITTEN_WITHIN: Duration = Duration::from_secs(4);

/// Serves until the agent is asked to stop, nobody can reach it any more or, where `idle_exit` is given, nobody asked
/// for so long. What was begun is finished first.
///
/// Boxed and not inlined: else the program, which is a crate of its own, would hold all that is asked here a second
/// time.
#[inline(never)]
pub fn serve(door: Door, agent: Arc<Agent>, idle_exit: Option<Duration>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(run(door, agent, idle_exit))
}

async fn run(mut door: Door, agent: Arc<Agent>, idle_exit: Option<Duration>) {
    let hall = Hall::new(agent.clone());
    tokio::spawn(watch_tokens(agent.clone()));
    agent.doors.opened(door.place());
    let further = tokio::spawn(serve_further(hall.clone()));
    agent.begin();
    tokio::select! {
        () = hall.serve(&mut door) => {}
        () = idle(&agent, idle_exit) => {}
    }
    agent.stopping.ask();
    // New front-ends start a new agent from here on; it waits for our lock.
    hall.close(&mut door).await;
    let answered = async {
        let _ = further.await;
        agent.stopping.done().await;
    };
    let _ = timeout(ANSWERED_WITHIN, answered).await;
    let _ = timeout(WRITTEN_WITHIN, agent.end()).await;
}

async fn idle(agent: &Agent, idle_exit: Option<Duration>) {
    match idle_exit {
        Some(time) => agent.stopping.idle_for(time).await,
        None => std::future::pending().await,
    }
}
