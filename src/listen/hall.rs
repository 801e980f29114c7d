//! What all sockets share: letting people in, and the number of open connections. A process of another user is sent
//! away before a byte of it is read.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::conversation::{Visitor, converse};
use super::crowd::Crowd;
use super::door::{Door, DoorError, Next};
use super::peer::peer;
use crate::access::Standing;
use crate::agent::Agent;
use crate::os::hardening::open_files;
use crate::os::listening::{Listener, Stream};

/// How many connections are open at most, over all sockets; then the one who has most of them makes room.
const MAX_OPEN: usize = 1024;

/// How long the next one waits for those to go that were sent away: their descriptors are theirs until then.
const GOES_WITHIN: Duration = Duration::from_millis(100);

/// Where a door is closed, those come in who have knocked already; after a pause of this length there are none left.
const LAST_KNOCK: Duration = Duration::from_millis(20);

/// What lies behind every socket: the agent, and those who came in.
pub(super) struct Hall {
    pub(super) agent: Arc<Agent>,
    pub(super) crowd: Crowd,
    /// Room for the open connections and half as many that are on their way out.
    open: Arc<Semaphore>,
}

impl Hall {
    pub(super) fn new(agent: Arc<Agent>) -> Arc<Hall> {
        // A third of all descriptors; the rest is for files, servers, the HTTP door, and connections on their way out.
        let descriptors = open_files().unwrap_or(u64::MAX);
        let room = usize::try_from(descriptors / 3).unwrap_or(MAX_OPEN).clamp(1, MAX_OPEN);
        let open = Arc::new(Semaphore::new(room + room.div_ceil(2)));
        Arc::new(Hall { agent, crowd: Crowd::new(room), open })
    }

    /// Lets in whoever is of the same user, until nobody can reach this door any more or the agent stops.
    pub(super) async fn serve(self: &Arc<Self>, door: &mut Door) {
        let reason = tokio::select! {
            reason = self.admit(door) => reason,
            () = self.agent.stopping.asked() => return,
        };
        tracing::warn!(reason = reason.message().id(), "a socket cannot be reached any more");
    }

    /// Makes the door unreachable and lets in those who have knocked already.
    pub(super) async fn close(self: &Arc<Self>, door: &mut Door) {
        door.close();
        if door.is_own() {
            self.let_in_who_waits(&door.listener, door.standing()).await;
        }
    }

    async fn admit(self: &Arc<Self>, door: &mut Door) -> DoorError {
        loop {
            match door.next().await {
                Next::Came(Ok(stream)) => self.let_in(stream, door.standing()).await,
                Next::Came(Err(error)) => {
                    // Out of descriptors: make room instead of asking for the same connection in a circle.
                    tracing::warn!(%error, "cannot accept");
                    self.crowd.thin();
                    sleep(Duration::from_millis(20)).await;
                }
                Next::Look => match door.look().await {
                    Ok(None) => {}
                    Ok(Some(replaced)) => {
                        tracing::info!("a socket was gone and is there again");
                        self.let_in_who_waits(&replaced, door.standing()).await;
                    }
                    Err(reason) => return reason,
                },
            }
        }
    }

    /// Asked before a byte is read: a process of another user gets nothing, whatever the socket's mode says.
    async fn let_in(self: &Arc<Self>, stream: Stream, standing: Option<&Arc<Standing>>) {
        match peer(&stream) {
            Some(peer) => {
                let visitor = Visitor::new(self.clone(), peer, standing.cloned());
                // A connection that does not go in time must not keep others out.
                let open = timeout(GOES_WITHIN, self.open.clone().acquire_owned()).await;
                tokio::spawn(async move {
                    converse(stream, visitor).await;
                    drop(open);
                });
            }
            None => tracing::warn!("a process of another user connected and was turned away"),
        }
    }

    async fn let_in_who_waits(self: &Arc<Self>, listener: &Listener, standing: Option<&Arc<Standing>>) {
        while let Ok(Ok(stream)) = timeout(LAST_KNOCK, listener.accept()).await {
            self.let_in(stream, standing).await;
        }
    }
}
