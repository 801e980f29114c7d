//! Sockets with a token of their own: which there are is decided here and remembered in `sockets.json`; the floor above
//! opens and closes them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use crate::access::Standing;
use crate::agent::Agent;
use crate::agent::doors::http_door::{HttpState, NamedIssuer};
use crate::agent::fault;
use crate::agent::state::lock;
use crate::base::{HttpDoor, Message, private_file};
use crate::msg;
use crate::store::StoreError;
use crate::wire::{Code, Fault};

/// What the floor above is asked to do.
pub enum DoorOrder {
    Open {
        door: RestrictedDoor,
        done: oneshot::Sender<Result<(), Message>>,
    },
    Close {
        path: PathBuf,
        done: oneshot::Sender<()>,
    },
    /// The HTTP door, in the place of one that is open; where it is then is the answer.
    OpenHttp {
        door: HttpDoor,
        standing: Standing,
        issuer: Option<NamedIssuer>,
        done: oneshot::Sender<Result<String, Message>>,
    },
    CloseHttp {
        done: oneshot::Sender<()>,
    },
}

/// A socket, and the id of the token that everybody has there. Nobody may do more at it than who set it up, and it ends with
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedDoor {
    pub path: PathBuf,
    pub token: String,
    #[serde(default, skip_serializing_if = "Standing::is_users")]
    pub set_up_by: Standing,
}

impl RestrictedDoor {
    /// Whoever asks here makes a use of each of these, and has no more rights than they.
    pub fn standing(&self) -> Standing {
        Standing::of_token(&self.token).and(&self.set_up_by)
    }
}

/// The way up.
pub(crate) struct Doors {
    pub(crate) orders: mpsc::UnboundedSender<DoorOrder>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<DoorOrder>>>,
    /// Held while something is opened or closed, and the list is read, changed and written.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// The sockets that are there, whatever the list says.
    sockets: Mutex<Vec<RestrictedDoor>>,
    pub(crate) http: HttpState,
    /// Told whenever there are others than before.
    news: watch::Sender<u64>,
}

impl Default for Doors {
    fn default() -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        Doors {
            orders,
            inbox: Mutex::new(Some(inbox)),
            changing: tokio::sync::Mutex::default(),
            sockets: Mutex::default(),
            http: HttpState::default(),
            news: watch::Sender::default(),
        }
    }
}

impl Agent {
    /// The orders, for the one who carries them out.
    pub fn door_orders(&self) -> Option<mpsc::UnboundedReceiver<DoorOrder>> {
        lock(&self.doors.inbox).take()
    }

    /// The sockets that were added before and not removed. A file that cannot be read opens none.
    pub fn first_doors(&self) -> Vec<RestrictedDoor> {
        let doors = self
            .read_doors()
            .inspect_err(|fault| tracing::warn!(fault = fault.id(), "no sockets are added"))
            .unwrap_or_default();
        lock(&self.doors.sockets).clone_from(&doors);
        self.say_that_doors_changed();
        doors
    }

    pub(crate) async fn open_door(&self, door: RestrictedDoor) -> Result<(), Fault> {
        let _changing = self.doors.changing.lock().await;
        let mut doors = self.read_doors()?;
        if doors.iter().any(|other| other.path == door.path) {
            return Err(Fault::new(Code::BadRequest, msg!("socket-is-there", path = door.path.display()))
                .hint(msg!("hint-sockets")));
        }
        let (done, opened) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::Open { door: door.clone(), done });
        opened.await.map_err(|_| fault::stopping())?.map_err(|reason| {
            Fault::new(Code::Unavailable, msg!("socket-not-opened").because(reason)).hint(msg!("hint-socket"))
        })?;
        doors.push(door.clone());
        if let Err(fault) = self.write_doors(&doors) {
            self.close(&door.path).await;
            return Err(fault);
        }
        lock(&self.doors.sockets).push(door);
        self.say_that_doors_changed();
        Ok(())
    }

    /// Closes the socket for whoever may; it is not there with the next agent either. It is closed whether or not that can be
    /// written down. One that somebody else set up is not a token's to close.
    pub(crate) async fn close_door(&self, path: &Path, asker: &Standing) -> Result<(), Fault> {
        let _changing = self.doors.changing.lock().await;
        let listed = self.read_doors();
        let is_it = |door: &&RestrictedDoor| door.path == path;
        let open = lock(&self.doors.sockets).iter().find(is_it).cloned();
        let Some(door) = open.or_else(|| listed.as_ref().ok()?.iter().find(is_it).cloned()) else {
            let fault = Fault::new(Code::NotFound, msg!("no-such-socket", path = path.display()));
            return Err(listed.err().unwrap_or(fault.hint(msg!("hint-sockets"))));
        };
        if !self.leads_to(asker, &door.set_up_by)? {
            let fault = Fault::new(Code::Denied, msg!("socket-of-another", path = path.display()));
            return Err(fault.hint(msg!("hint-door-of-another")));
        }
        self.close(path).await;
        lock(&self.doors.sockets).retain(|door| door.path != path);
        self.say_that_doors_changed();
        let mut listed = listed?;
        listed.retain(|door| door.path != path);
        self.write_doors(&listed)
    }

    /// Whether what those set up is this asker's to take away: their own, what came of theirs, and everything for the user.
    pub(crate) fn leads_to(&self, asker: &Standing, set_up_by: &Standing) -> Result<bool, Fault> {
        if asker.is_users() {
            return Ok(true);
        }
        self.issued.ledger.leads_to(asker, set_up_by).map_err(fault::from_ledger)
    }

    /// Closes what tokens set up once one of them has ended, until the agent stops.
    pub async fn close_what_ended(self: Arc<Agent>) {
        let mut news = self.doors.news.subscribe();
        loop {
            news.mark_unchanged();
            self.close_ended().await;
            let doors: Vec<Standing> = lock(&self.doors.sockets).iter().map(|door| door.set_up_by.clone()).collect();
            let http = self.http_door().map(|(_, standing)| standing);
            let all = doors.into_iter().chain(http).fold(Standing::default(), |all, standing| all.and(&standing));
            let first_ends = async {
                match all.is_users() {
                    true => std::future::pending().await,
                    false => self.unusable(&all).await,
                }
            };
            tokio::select! {
                _ = news.changed() => {}
                () = first_ends => {}
                () = self.stopping.asked() => return,
            }
        }
    }

    async fn close_ended(&self) {
        let mut ended = lock(&self.doors.sockets).clone();
        ended.retain(|door| self.has_ended(&door.set_up_by));
        for door in ended {
            let closed = self.close_door(&door.path, &Standing::default()).await;
            if let Err(fault) = &closed {
                tracing::warn!(fault = fault.id(), "that a socket is closed is not written down");
            }
            self.audit("socket.remove", self.as_actor(), None, closed.map_err(|fault| fault.code()));
        }
        if self.http_door().is_some_and(|(_, standing)| self.has_ended(&standing)) {
            self.end_ended_http().await;
            self.audit("agent.serve_end", self.as_actor(), None, Ok(()));
        }
    }

    pub(crate) fn say_that_doors_changed(&self) {
        self.doors.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn close(&self, path: &Path) {
        let (done, closed) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::Close { path: path.to_owned(), done });
        let _ = closed.await;
    }

    /// The same for who is told that it cannot be read.
    pub(crate) fn read_doors(&self) -> Result<Vec<RestrictedDoor>, Fault> {
        let path = self.paths().sockets_file();
        let from_file = |error| fault::from_store(StoreError::File(error));
        let Some(text) = private_file::read(&path).map_err(from_file)? else { return Ok(Vec::new()) };
        serde_json::from_slice(&text).map_err(|_| {
            Fault::new(Code::Unavailable, msg!("sockets-unreadable", path = path.display()))
                .hint(msg!("hint-sockets-unreadable", path = path.display()))
        })
    }

    fn write_doors(&self, doors: &[RestrictedDoor]) -> Result<(), Fault> {
        let from_file = |error| fault::from_store(StoreError::File(error));
        private_file::private_dir(self.paths().state_dir()).map_err(from_file)?;
        let text = serde_json::to_vec(doors).map_err(|_| fault::internal())?;
        private_file::replace(&self.paths().sockets_file(), &text).map_err(from_file)
    }
}
