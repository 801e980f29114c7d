//! The doors beside the agent's own socket: which there are is decided here; the floor above opens and closes them.

mod http_door;
mod sockets;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::{mpsc, oneshot, watch};

use crate::access::Standing;
use crate::agent::doors::http_door::HttpState;
pub use crate::agent::doors::sockets::RestrictedDoor;
use crate::agent::gate::Gate;
use crate::agent::gate::open_http::NamedIssuer;
use crate::agent::life::auditing::Auditing;
use crate::agent::life::settings::Settings;
use crate::agent::life::stopping::Stopping;
use crate::base::{HttpDoor, Message, Paths, lock};

/// What `listen`, which owns the listeners, is asked to do.
pub enum DoorOrder {
    /// Open a socket with a token of its own.
    Open {
        /// The socket.
        door: RestrictedDoor,
        /// Told when it listens, or why it does not.
        done: oneshot::Sender<Result<(), Message>>,
    },
    /// Close such a socket.
    Close {
        /// The socket's path.
        path: PathBuf,
        /// Told when it is closed.
        done: oneshot::Sender<()>,
    },
    /// Open the HTTP door, in place of one that is open.
    OpenHttp {
        /// Where it is to listen.
        door: HttpDoor,
        /// The tokens on which it rests.
        standing: Standing,
        /// The issuer at which people sign in, if one was named for this door.
        issuer: Option<NamedIssuer>,
        /// Told the door's URL, or why it does not listen.
        done: oneshot::Sender<Result<String, Message>>,
    },
    /// Close the HTTP door.
    CloseHttp {
        /// Told when it is closed.
        done: oneshot::Sender<()>,
    },
}

/// The agent's own socket.
pub struct OwnDoor {
    /// Where it is.
    pub path: PathBuf,
    /// The service manager that listens there on the agent's behalf, if one does.
    pub kept_by: Option<&'static str>,
}

/// Sends [`DoorOrder`]s to the floor above, which owns the listeners: the agent itself opens nothing.
pub struct Doors {
    paths: Paths,
    gate: Arc<Gate>,
    settings: Arc<Settings>,
    audit: Arc<Auditing>,
    stopping: Arc<Stopping>,
    orders: mpsc::UnboundedSender<DoorOrder>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<DoorOrder>>>,
    /// Held while something is opened or closed, and the list is read, changed and written.
    changing: tokio::sync::Mutex<()>,
    /// The sockets that are open, whatever the list in the file says.
    sockets: Mutex<Vec<RestrictedDoor>>,
    http: HttpState,
    /// The agent's own socket, once it listens.
    own: OnceLock<OwnDoor>,
    /// Told whenever a door was opened or closed.
    news: watch::Sender<u64>,
}

impl Doors {
    pub(crate) fn new(
        paths: &Paths,
        gate: Arc<Gate>,
        settings: Arc<Settings>,
        audit: Arc<Auditing>,
        stopping: Arc<Stopping>,
    ) -> Doors {
        let (orders, inbox) = mpsc::unbounded_channel();
        Doors {
            paths: paths.clone(),
            gate,
            settings,
            audit,
            stopping,
            orders,
            inbox: Mutex::new(Some(inbox)),
            changing: tokio::sync::Mutex::default(),
            sockets: Mutex::default(),
            http: HttpState::default(),
            own: OnceLock::new(),
            news: watch::Sender::default(),
        }
    }

    /// The orders, for the one who carries them out.
    pub fn orders(&self) -> Option<mpsc::UnboundedReceiver<DoorOrder>> {
        lock(&self.inbox).take()
    }

    /// Takes which socket the agent's own is.
    pub fn opened(&self, own: OwnDoor) {
        let _ = self.own.set(own);
    }

    /// The agent's own socket, once it listens.
    pub(crate) fn own(&self) -> Option<&OwnDoor> {
        self.own.get()
    }

    fn say_that_they_changed(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }
}
