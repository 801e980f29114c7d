use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::crowd::Crowd;
use super::door::Door;
use super::socket::admit;
use crate::agent::{Agent, DoorOrder, RestrictedDoor};
use crate::base::Message;

/// Opens the sockets that have a token of their own, opens and closes them as it is told, and closes all when the agent stops.
/// When it returns, no socket file is left: the next agent may make them anew.
pub(super) async fn serve_restricted(agent: Arc<Agent>, crowd: Arc<Crowd>) {
    let mut open = Open { agent: agent.clone(), crowd, doors: HashMap::new() };
    for door in agent.restricted_doors() {
        if let Err(reason) = open.open(&door) {
            tracing::warn!(path = %door.path.display(), reason = reason.id(), "a socket is not opened");
        }
    }
    let Some(mut orders) = agent.door_orders() else { return };
    loop {
        let order = tokio::select! {
            Some(order) = orders.recv() => order,
            () = agent.stopping.asked() => break,
        };
        match order {
            DoorOrder::Open { door, done } => drop(done.send(open.open(&door))),
            DoorOrder::Close { path, done } => {
                open.close(&path).await;
                let _ = done.send(());
            }
        }
    }
    for path in open.doors.keys().cloned().collect::<Vec<_>>() {
        open.close(&path).await;
    }
}

/// The doors that are open; each is closed when its task has ended.
struct Open {
    agent: Arc<Agent>,
    crowd: Arc<Crowd>,
    doors: HashMap<PathBuf, JoinHandle<()>>,
}

impl Open {
    fn open(&mut self, restricted: &RestrictedDoor) -> Result<(), Message> {
        let door = Door::restricted(restricted).map_err(|error| error.message())?;
        let (agent, crowd) = (self.agent.clone(), self.crowd.clone());
        let task = tokio::spawn(async move { admit(&door, &agent, &crowd).await });
        self.doors.insert(restricted.path.clone(), task);
        Ok(())
    }

    async fn close(&mut self, path: &Path) {
        let Some(task) = self.doors.remove(path) else { return };
        task.abort();
        // Waited for: a door that went later would take the file of one that was opened meanwhile.
        let _ = task.await;
    }
}
