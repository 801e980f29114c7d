use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::traits::StreamCommon;
use interprocess::local_socket::traits::tokio::Listener as _;
use tokio::time::{sleep, timeout};

use super::conversation::converse;
use super::crowd::Crowd;
use super::door::Door;
use super::doors::serve_further;
use crate::agent::{Agent, Peer};

/// How long a request may take to be finished when the agent ends, and what is still to be written then: a server or a disk
/// that hangs keeps nobody's machine from shutting down. Together less than a successor waits.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
const WRITTEN_WITHIN: Duration = Duration::from_secs(4);

/// Serves until the agent is asked to stop or, where `idle_exit` is given, nobody came for so long. What was begun is
/// finished first.
///
/// Boxed and not inlined: else the program, which is a crate of its own, would hold all that is asked here a second time.
#[inline(never)]
pub fn serve(door: Door, agent: Arc<Agent>, idle_exit: Option<Duration>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(run(door, agent, idle_exit))
}

async fn run(door: Door, agent: Arc<Agent>, idle_exit: Option<Duration>) {
    let crowd = Arc::new(Crowd::default());
    tokio::spawn(agent.clone().do_chores());
    tokio::spawn(agent.clone().lock_when_idle());
    let auditor = tokio::spawn(agent.clone().write_audit());
    let further = tokio::spawn(serve_further(agent.clone(), crowd.clone()));
    let of_settings = agent.clone();
    tokio::spawn(async move { of_settings.open_http_of_settings().await });
    tokio::select! {
        () = admit(&door, &agent, &crowd) => {}
        () = agent.stopping.asked() => {}
        () = idle(&agent, idle_exit) => {}
    }
    // New front-ends start a new agent from here on; it waits for our lock.
    door.close();
    agent.stopping.ask();
    let answered = async {
        let _ = further.await;
        agent.stopping.idle().await;
    };
    let _ = timeout(ANSWERED_WITHIN, answered).await;
    // What no store has taken so far would end with this memory: a login whose refresh token the server has changed.
    let noted = async {
        agent.forget_devices().await;
        auditor.abort();
        agent.flush_audit().await;
    };
    let _ = timeout(WRITTEN_WITHIN, async { tokio::join!(agent.save_again(), noted) }).await;
}

/// Lets in whoever is of the same user, for ever.
pub(super) async fn admit(door: &Door, agent: &Arc<Agent>, crowd: &Arc<Crowd<u32>>) {
    let own = rustix::process::geteuid().as_raw();
    loop {
        match door.listener.accept().await {
            Ok(stream) => match peer(&stream) {
                Some(peer) if peer.uid == own => {
                    let (agent, crowd, token) = (agent.clone(), crowd.clone(), door.token().map(str::to_owned));
                    tokio::spawn(async move { converse(stream, peer, token.as_deref(), &agent, &crowd).await });
                }
                _ => tracing::warn!("a process of another user connected and was turned away"),
            },
            Err(error) => {
                // Out of descriptors: make room instead of asking for the same connection in a circle.
                tracing::warn!(%error, "cannot accept");
                crowd.thin();
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Asked before a byte is read: a process of another user gets nothing, whatever the socket's mode says.
fn peer(stream: &Stream) -> Option<Peer> {
    let creds = stream.peer_creds().ok()?;
    let pid = creds.pid().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default();
    Some(Peer { uid: creds.euid()?, pid })
}

async fn idle(agent: &Agent, idle_exit: Option<Duration>) {
    match idle_exit {
        Some(time) => {
            agent.stopping.idle().await;
            sleep(time).await;
        }
        None => std::future::pending().await,
    }
}
