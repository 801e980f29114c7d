//! Opens and closes the restricted sockets and the HTTP door as the agent orders. What is open stays open if something
//! new in its place cannot be; when this ends, no socket file is left behind.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::door::Door;
use super::hall::Hall;
use super::http::HttpServer;
use crate::access::Standing;
use crate::agent::{DoorOrder, NamedIssuer, OpenHttp, RestrictedDoor};
use crate::base::{HttpDoor, Message};

/// Opens the sockets that have a token of their own, opens and closes them and the HTTP door as it is told, and closes
/// all when the agent stops. When it returns, no socket file is left: the next agent may make them anew.
pub(super) async fn serve_further(hall: Arc<Hall>) {
    let agent = hall.agent.clone();
    let mut open = Open { hall, doors: HashMap::new(), http: None };
    for door in agent.doors.first() {
        if let Err(reason) = open.open(&door) {
            tracing::warn!(path = %door.path.display(), reason = reason.id(), "a socket is not opened");
        }
    }
    let Some(mut orders) = agent.doors.orders() else { return };
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
            DoorOrder::OpenHttp { door, standing, issuer, done } => {
                drop(done.send(open.open_http(door, standing, issuer).await));
            }
            DoorOrder::CloseHttp { done } => {
                open.close_http().await;
                let _ = done.send(());
            }
        }
    }
    open.close_http().await;
    // They end by themselves, once those are let in who have come already.
    for (_, task) in open.doors.drain() {
        let _ = task.await;
    }
}

/// The doors that are open; each is closed when its task has ended.
struct Open {
    hall: Arc<Hall>,
    doors: HashMap<PathBuf, JoinHandle<()>>,
    http: Option<HttpServer>,
}

impl Open {
    fn open(&mut self, restricted: &RestrictedDoor) -> Result<(), Message> {
        let mut door = Door::restricted(restricted).map_err(|error| error.message())?;
        let hall = self.hall.clone();
        let task = tokio::spawn(async move {
            // One whose place has gone is looked for again: it may come back.
            while !hall.agent.stopping.is_asked() {
                hall.serve(&mut door).await;
            }
            hall.close(&mut door).await;
        });
        self.doors.insert(restricted.path.clone(), task);
        Ok(())
    }

    /// What is open stays so if the new one cannot be opened, unless both want the same address. A certificate with
    /// which something is wrong takes no good one's place.
    async fn open_http(
        &mut self,
        door: HttpDoor,
        standing: Standing,
        issuer: Option<NamedIssuer>,
    ) -> Result<String, Message> {
        let tls = HttpServer::tls(&door)?;
        let is_good = self.http.as_ref().and_then(HttpServer::own_tls).is_some_and(|tls| tls.trouble().is_none());
        if let Some(trouble) = tls.as_ref().and_then(|tls| tls.trouble()).filter(|_| is_good) {
            return Err(trouble);
        }
        let had_one = self.http.is_some();
        if self.http.as_ref().is_some_and(|open| open.address() == door.address()) {
            self.leave_http().await;
        }
        let opened = HttpServer::open(&door, tls, standing.clone(), self.hall.agent.clone()).await;
        // Nobody hears that there is none while one takes the other's place: who rests on its issuer would lose all
        // they have.
        if opened.is_err() && had_one && self.http.is_none() {
            self.hall.agent.doors.http_is_at(None);
        }
        let server = opened?;
        let url = server.url().to_owned();
        self.leave_http().await;
        let tls = server.own_tls();
        let concerns = Box::new(move || tls.as_ref().map(|tls| tls.concerns()).unwrap_or_default());
        self.hall.agent.doors.http_is_at(Some(OpenHttp { url: url.clone(), standing, issuer, concerns }));
        self.http = Some(server);
        Ok(url)
    }

    async fn close_http(&mut self) {
        if self.http.is_some() {
            self.hall.agent.doors.http_is_at(None);
            self.leave_http().await;
        }
    }

    async fn leave_http(&mut self) {
        if let Some(server) = self.http.take() {
            server.close().await;
        }
    }

    async fn close(&mut self, path: &Path) {
        let Some(task) = self.doors.remove(path) else { return };
        task.abort();
        // Waited for: a door that went later would take the file of one that was opened meanwhile.
        let _ = task.await;
    }
}
