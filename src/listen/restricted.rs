use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::crowd::Crowd;
use super::door::Door;
use super::socket::admit;
use crate::agent::{Agent, DoorOrder, RestrictedDoor};
use crate::base::Message;

/// Opens the sockets that have a token of their own, and opens and closes them as it is told.
pub(super) async fn serve_restricted(agent: Arc<Agent>, crowd: Arc<Crowd>) {
    let mut open = Open { agent: agent.clone(), crowd, doors: HashMap::new() };
    for door in agent.restricted_doors() {
        if let Err(reason) = open.open(&door) {
            tracing::warn!(path = %door.path.display(), reason = reason.id(), "a socket is not opened");
        }
    }
    let Some(mut orders) = agent.door_orders() else { return };
    while let Some(order) = orders.recv().await {
        match order {
            DoorOrder::Open { door, done } => drop(done.send(open.open(&door))),
            DoorOrder::Close { path, done } => {
                open.doors.remove(&path);
                let _ = done.send(());
            }
        }
    }
}

/// The doors that are open; each is closed when its task ends.
struct Open {
    agent: Arc<Agent>,
    crowd: Arc<Crowd>,
    doors: HashMap<PathBuf, Task>,
}

struct Task(JoinHandle<()>);

impl Open {
    fn open(&mut self, restricted: &RestrictedDoor) -> Result<(), Message> {
        let door = Door::restricted(restricted).map_err(|error| error.message())?;
        let (agent, crowd) = (self.agent.clone(), self.crowd.clone());
        let task = tokio::spawn(async move { admit(&door, &agent, &crowd).await });
        self.doors.insert(restricted.path.clone(), Task(task));
        Ok(())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
