//! Sockets with a token of their own: which there are is decided here and remembered in `sockets.json`; the floor above
//! opens and closes them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};

use super::state::lock;
use super::{Agent, Caller, TheUser, fault};
use crate::access::Standing;
use crate::base::{HttpDoor, IssuerConfig, Message, private_file};
use crate::msg;
use crate::store::StoreError;
use crate::wire::{Code, Fault, Warning};

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

/// The HTTP door, as long as it is open.
pub struct OpenHttp {
    pub url: String,
    /// Who stands behind it.
    pub standing: Standing,
    /// What is wrong with its certificate now, or soon will be.
    pub concerns: Box<dyn Fn() -> Vec<Message> + Send>,
}

impl RestrictedDoor {
    /// Whoever asks here makes a use of each of these, and has no more rights than they.
    pub fn standing(&self) -> Standing {
        Standing::of_token(&self.token).and(&self.set_up_by)
    }
}

/// The way up.
pub(super) struct Doors {
    orders: mpsc::UnboundedSender<DoorOrder>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<DoorOrder>>>,
    /// Held while the list is read, changed and written.
    changing: tokio::sync::Mutex<()>,
    http: Mutex<Option<OpenHttp>>,
    /// Why the HTTP door of the settings was not opened.
    http_trouble: Mutex<Option<Fault>>,
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
            http: Mutex::default(),
            http_trouble: Mutex::default(),
            news: watch::Sender::default(),
        }
    }
}

impl Agent {
    /// The orders, for the one who carries them out.
    pub fn door_orders(&self) -> Option<mpsc::UnboundedReceiver<DoorOrder>> {
        lock(&self.doors.inbox).take()
    }

    /// The sockets that were added and not removed. A file that cannot be read opens none.
    pub fn restricted_doors(&self) -> Vec<RestrictedDoor> {
        self.read_doors()
            .inspect_err(|fault| tracing::warn!(fault = fault.id(), "no sockets are added"))
            .unwrap_or_default()
    }

    pub(super) async fn open_door(&self, door: RestrictedDoor) -> Result<(), Fault> {
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
        self.say_that_doors_changed();
        Ok(())
    }

    /// Closes the socket; it is not there with the next agent either.
    pub(super) async fn close_door(&self, path: &Path) -> Result<(), Fault> {
        let _changing = self.doors.changing.lock().await;
        let mut doors = self.read_doors()?;
        let before = doors.len();
        doors.retain(|door| door.path != path);
        if doors.len() == before {
            let fault = Fault::new(Code::NotFound, msg!("no-such-socket", path = path.display()));
            return Err(fault.hint(msg!("hint-sockets")));
        }
        self.write_doors(&doors)?;
        self.close(path).await;
        self.say_that_doors_changed();
        Ok(())
    }

    /// Opens the HTTP door, and says where it is. One that somebody else opened is not a token's to replace.
    pub(super) async fn open_http(&self, door: HttpDoor, standing: Standing) -> Result<String, Fault> {
        let _changing = self.doors.changing.lock().await;
        if let Some((url, _)) = self.http_door().filter(|(_, others)| !standing.is_users() && *others != standing) {
            let fault = Fault::new(Code::Denied, msg!("http-is-open", url = url));
            return Err(fault.hint(msg!("hint-http-is-open")));
        }
        let (done, opened) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::OpenHttp { door, standing, done });
        opened.await.map_err(|_| fault::stopping())?.map_err(|reason| {
            Fault::new(Code::Unavailable, msg!("http-not-opened").because(reason)).hint(msg!("hint-serve"))
        })
    }

    pub(super) async fn close_http(&self) {
        let _changing = self.doors.changing.lock().await;
        let (done, closed) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::CloseHttp { done });
        let _ = closed.await;
    }

    /// Told by the floor above whenever the HTTP door was opened or closed.
    pub fn http_is_at(&self, open: Option<OpenHttp>) {
        if open.is_some() {
            *lock(&self.doors.http_trouble) = None;
        }
        *lock(&self.doors.http) = open;
        self.say_that_doors_changed();
    }

    /// Closes what tokens set up once one of them has ended, until the agent stops.
    pub async fn close_what_ended(self: Arc<Agent>) {
        let mut news = self.doors.news.subscribe();
        loop {
            news.mark_unchanged();
            self.close_ended().await;
            let doors = self.restricted_doors().into_iter().map(|door| door.set_up_by);
            let http = self.http_door().map(|(_, standing)| standing);
            let all = doors.chain(http).fold(Standing::default(), |all, standing| all.and(&standing));
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
        let has_ended = |standing: &Standing| {
            !standing.is_users() && self.rights_behind(standing).is_ok_and(|rights| rights.is_none())
        };
        for door in self.restricted_doors().into_iter().filter(|door| has_ended(&door.set_up_by)) {
            if let Err(fault) = self.close_door(&door.path).await {
                tracing::warn!(fault = fault.id(), "a socket is not closed");
            }
            self.audit("socket.remove", self.as_actor(), None, Ok(()));
        }
        if self.http_door().is_some_and(|(_, standing)| has_ended(&standing)) {
            self.close_http().await;
            self.audit("agent.serve_end", self.as_actor(), None, Ok(()));
        }
    }

    fn say_that_doors_changed(&self) {
        self.doors.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Where the HTTP door is, if it is open.
    pub(super) fn http_url(&self) -> Option<String> {
        lock(&self.doors.http).as_ref().map(|open| open.url.clone())
    }

    /// What is wrong with the HTTP door. Files are no business of who may do little.
    pub(super) fn http_warnings(&self, caller: &Caller<'_>) -> Vec<Warning> {
        if !caller.authority().sees_everything() {
            return Vec::new();
        }
        let not_open = lock(&self.doors.http_trouble).clone();
        let not_open =
            not_open.map(|fault| Warning { id: "http-not-open".to_owned(), text: fault.message(caller.locale) });
        let concerns = lock(&self.doors.http).as_ref().map(|open| (open.concerns)()).unwrap_or_default();
        let warning = |message: Message| Warning { id: message.id().to_owned(), text: caller.locale.render(&message) };
        not_open.into_iter().chain(concerns.into_iter().map(warning)).collect()
    }

    fn http_door(&self) -> Option<(String, Standing)> {
        lock(&self.doors.http).as_ref().map(|open| (open.url.clone(), open.standing.clone()))
    }

    /// Opens the HTTP door if the settings have one. That it cannot be opened keeps the agent from nothing else.
    pub async fn open_http_of_settings(&self) {
        let door = |config: &crate::base::Config| config.http().map(|http| http.door(None, None)).transpose();
        let opened = match self.config().map(|config| door(&config)) {
            Ok(Ok(Some(door))) => self.open_http(door, Standing::default()).await.map(|_| ()),
            Ok(Ok(None)) => Ok(()),
            Ok(Err(message)) => Err(Fault::new(Code::BadRequest, message)),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = opened {
            tracing::warn!(fault = fault.id(), "the HTTP door is not opened");
            *lock(&self.doors.http_trouble) = Some(fault);
        }
    }

    /// An issuer that the environment names, beside those of the settings.
    pub fn name_issuer(&self, issuer: IssuerConfig) {
        self.people.issuers.name(issuer);
    }

    /// The same for who opens the door.
    pub(super) fn name_issuer_for(&self, _: TheUser, issuer: IssuerConfig) {
        self.people.issuers.name(issuer);
    }

    async fn close(&self, path: &Path) {
        let (done, closed) = oneshot::channel();
        let _ = self.doors.orders.send(DoorOrder::Close { path: path.to_owned(), done });
        let _ = closed.await;
    }

    /// The same for who is told that it cannot be read.
    pub(super) fn read_doors(&self) -> Result<Vec<RestrictedDoor>, Fault> {
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
