//! Sockets with a token of their own, which are remembered in `sockets.json`.
//!
//! A person may have several agents with one list, and a write that hangs may end when nobody waits for it any more. So
//! the list is read, changed and written in one step, under the lock of its file, as the ledger is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::access::Standing;
use crate::agent::blocking::{DISK_WITHIN, within, within_or_late};
use crate::agent::doors::{DoorOrder, Doors};
use crate::agent::fault;
use crate::agent::life::auditing::{About, Who};
use crate::base::{Paths, lock, private_file};
use crate::store::StoreError;
use crate::wire::{Fault, reason};

/// A socket at which everybody acts with one token. Nobody may do more there than whoever set it up, and it ends with
/// their rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedDoor {
    /// The socket's path.
    pub path: PathBuf,
    /// The id of the token.
    pub token: String,
    /// The tokens of whoever set it up; none for the user.
    #[serde(default, skip_serializing_if = "Standing::is_users")]
    pub set_up_by: Standing,
}

impl RestrictedDoor {
    /// The tokens that each request at this socket uses, and whose rights limit it.
    pub fn standing(&self) -> Standing {
        Standing::of_token(&self.token).and(&self.set_up_by)
    }
}

impl Doors {
    /// The sockets that were added before and not removed. A file that cannot be read opens none.
    pub fn first(&self) -> Vec<RestrictedDoor> {
        let doors = read(&self.paths.sockets_file())
            .inspect_err(|fault| tracing::warn!(fault = %fault.id(), "no sockets are added"))
            .unwrap_or_default();
        lock(&self.sockets).clone_from(&doors);
        self.say_that_they_changed();
        doors
    }

    pub(crate) async fn open(&self, door: RestrictedDoor) -> Result<(), Fault> {
        let _changing = self.changing.lock().await;
        let doors = self.listed().await?;
        if doors.iter().any(|other| other.path == door.path) {
            return Err(reason::Door::SocketIsThere { path: door.path }.into());
        }
        let (done, opened) = oneshot::channel();
        let _ = self.orders.send(DoorOrder::Open { door: door.clone(), done });
        opened
            .await
            .map_err(|_| reason::Request::Stopping)?
            .map_err(|reason| reason::Door::SocketNotOpened { reason: Some(reason) })?;
        if let Err(fault) = self.add_to_list(door.clone()).await {
            self.have_closed(&door.path).await;
            return Err(fault);
        }
        lock(&self.sockets).push(door);
        self.say_that_they_changed();
        Ok(())
    }

    /// Closes the socket for whoever may; it is not there with the next agent either. It is closed whether or not that
    /// could be written down, which the answer says. One that somebody else set up is not a token's to close.
    pub(crate) async fn close(&self, path: &Path, asker: &Standing) -> Result<Result<(), Fault>, Fault> {
        let _changing = self.changing.lock().await;
        let listed = self.listed().await;
        let is_it = |door: &&RestrictedDoor| door.path == path;
        let open = lock(&self.sockets).iter().find(is_it).cloned();
        let Some(door) = open.or_else(|| listed.as_ref().ok()?.iter().find(is_it).cloned()) else {
            let path = path.to_owned();
            return Err(listed.err().unwrap_or_else(|| reason::Door::NoSuchSocket { path }.into()));
        };
        if !self.gate.leads_to(asker, &door.set_up_by)? {
            return Err(reason::Door::SocketOfAnother { path: path.to_owned() }.into());
        }
        Ok(self.close_one(path).await)
    }

    /// Closes what tokens set up once one of them has ended, until the agent stops.
    pub async fn close_what_ended(self: Arc<Self>) {
        let mut news = self.news.subscribe();
        loop {
            news.mark_unchanged();
            self.close_ended().await;
            let doors: Vec<Standing> = lock(&self.sockets).iter().map(|door| door.set_up_by.clone()).collect();
            let http = self.gate.http.place().map(|(_, standing)| standing);
            let all = doors.into_iter().chain(http).fold(Standing::default(), |all, standing| all.and(&standing));
            let first_ends =
                async { if all.is_users() { std::future::pending().await } else { self.gate.unusable(&all).await } };
            tokio::select! {
                _ = news.changed() => {}
                () = first_ends => {}
                () = self.stopping.asked() => return,
            }
        }
    }

    async fn close_ended(&self) {
        let mut ended = lock(&self.sockets).clone();
        ended.retain(|door| self.gate.has_ended(&door.set_up_by));
        for door in ended {
            self.end_ended_socket(&door).await;
        }
        if self.gate.http.place().is_some_and(|(_, standing)| self.gate.has_ended(&standing))
            && self.end_ended_http().await
        {
            self.audit.note("agent.serve_end", Who::agent(), None, Ok(()));
        }
    }

    /// Closes the socket of somebody who has no rights any more, unless another one took its place meanwhile.
    async fn end_ended_socket(&self, ended: &RestrictedDoor) {
        let _changing = self.changing.lock().await;
        if !lock(&self.sockets).contains(ended) {
            return;
        }
        if let Err(fault) = self.close_one(&ended.path).await {
            tracing::warn!(fault = %fault.id(), "that a socket is closed is not written down");
        }
        self.audit.note("socket.remove", Who::agent(), About::right(&ended.path.to_string_lossy()), Ok(()));
    }

    /// Closes a socket, whether or not that can be written down; the caller holds `changing`.
    async fn close_one(&self, path: &Path) -> Result<(), Fault> {
        self.have_closed(path).await;
        lock(&self.sockets).retain(|door| door.path != path);
        self.say_that_they_changed();
        self.take_off_list(path.to_owned()).await
    }

    async fn have_closed(&self, path: &Path) {
        let (done, closed) = oneshot::channel();
        let _ = self.orders.send(DoorOrder::Close { path: path.to_owned(), done });
        let _ = closed.await;
    }

    /// The sockets that were added before and not removed. That the list cannot be read is an error here.
    pub(crate) async fn listed(&self) -> Result<Vec<RestrictedDoor>, Fault> {
        let path = self.paths.sockets_file();
        within(DISK_WITHIN, move || read(&path)).await
    }

    /// A socket that is written down when its opening was given up would be opened by the next agent: it is taken off.
    async fn add_to_list(&self, door: RestrictedDoor) -> Result<(), Fault> {
        let (paths, added) = (self.paths.clone(), door.clone());
        let add = move || {
            change(&paths, |doors| {
                if doors.iter().any(|other| other.path == door.path) {
                    return Err(reason::Door::SocketIsThere { path: door.path }.into());
                }
                doors.push(door);
                Ok(())
            })
        };
        let paths = self.paths.clone();
        let late = move |_: &()| {
            let undone = change(&paths, |doors| {
                doors.retain(|door| *door != added);
                Ok(())
            });
            if let Err(fault) = undone {
                tracing::warn!(fault = %fault.id(), "a socket that was not opened stays on the list");
            }
        };
        within_or_late(DISK_WITHIN, add, late).await
    }

    async fn take_off_list(&self, path: PathBuf) -> Result<(), Fault> {
        let paths = self.paths.clone();
        let take_off = move || {
            change(&paths, |doors| {
                doors.retain(|door| door.path != path);
                Ok(())
            })
        };
        within(DISK_WITHIN, take_off).await
    }
}

/// Changes the list as it is by now, whoever wrote it.
fn change(paths: &Paths, change: impl FnOnce(&mut Vec<RestrictedDoor>) -> Result<(), Fault>) -> Result<(), Fault> {
    let from_file = |error| fault::from_store(StoreError::File(error));
    private_file::private_dir(paths.state_dir()).map_err(from_file)?;
    let _lock = private_file::lock(&paths.sockets_lock()).map_err(from_file)?;
    let path = paths.sockets_file();
    let mut doors = read(&path)?;
    change(&mut doors)?;
    let text = serde_json::to_vec(&doors).map_err(|_| reason::Request::Internal)?;
    private_file::replace(&path, &text).map_err(from_file)
}

fn read(path: &Path) -> Result<Vec<RestrictedDoor>, Fault> {
    let from_file = |error| fault::from_store(StoreError::File(error));
    let Some(text) = private_file::read(path).map_err(from_file)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&text).map_err(|_| reason::Store::SocketsUnreadable { path: path.to_owned() }.into())
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::access::Authority;
    use crate::agent::Agent;
    use crate::agent::gate::endings::EndNoted;
    use crate::agent::gate::new_token::NewToken;
    use crate::agent::gate::open_http::OpenHttp;
    use crate::base::{StoreChoice, StoredIn};

    #[tokio::test]
    async fn two_agents_of_one_list_take_nothing_off_that_the_other_added() {
        let dir = tempfile::tempdir().unwrap();
        let agent = || Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::Memory)), false);
        let (slow, quick) = (agent(), agent());
        let door = |name: &str| {
            let (path, token) = (dir.path().join(name), name.to_owned());
            RestrictedDoor { path, token, set_up_by: Standing::default() }
        };
        let (mut slow_orders, mut quick_orders) = (slow.doors.orders().unwrap(), quick.doors.orders().unwrap());
        let slow_one = async {
            let Some(DoorOrder::Open { done, .. }) = slow_orders.recv().await else { panic!("it opens nothing") };
            let other = async {
                let Some(DoorOrder::Open { done, .. }) = quick_orders.recv().await else { panic!("it opens nothing") };
                done.send(Ok(())).unwrap();
            };
            let (opened, ()) = tokio::join!(quick.doors.open(door("quick")), other);
            opened.unwrap();
            done.send(Ok(())).unwrap();
        };
        let (opened, ()) = tokio::join!(slow.doors.open(door("slow")), slow_one);
        opened.unwrap();
        assert_eq!(slow.doors.listed().await.unwrap(), [door("quick"), door("slow")]);
    }

    #[tokio::test]
    async fn the_end_of_a_token_closes_no_door_that_took_the_place_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        let agent = Agent::new(paths.clone(), Some(StoreChoice::In(StoredIn::File)), false);
        let (_, token) = agent.gate.issue(&Authority::owner(), NewToken::named("opener", "*")).await.unwrap();
        let doors = &agent.doors;
        let mut orders = doors.orders().unwrap();
        let is_open = |set_up_by: Standing| {
            let path = PathBuf::from("/nowhere/a.sock");
            *lock(&doors.sockets) =
                vec![RestrictedDoor { path, token: token.id.clone(), set_up_by: set_up_by.clone() }];
            let concerns = Box::new(Vec::new);
            doors.http_is_at(Some(OpenHttp { url: "http://a".into(), standing: set_up_by, issuer: None, concerns }));
        };
        is_open(Standing::of_token(&token.id));
        agent.gate.forget_issued(vec![token.id.clone()], EndNoted::by_agent()).await.unwrap();
        // Somebody is about to replace them.
        let changing = doors.changing.lock().await;
        let mut ending = pin!(doors.close_ended());
        let waits = poll_fn(|context| Poll::Ready(ending.as_mut().poll(context).is_pending())).await;
        assert!(waits);
        is_open(Standing::default());
        drop(changing);
        tokio::select! {
            biased;
            _ = orders.recv() => panic!("what somebody else opened is closed"),
            () = ending => {}
        }
        agent.audit.rights_noted().await.unwrap();
        let log = std::fs::read_to_string(paths.audit_rights()).unwrap();
        assert!(!log.contains("socket.remove"), "{log}");
        assert!(!log.contains("serve_end"), "{log}");
    }
}
