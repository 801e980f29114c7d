//! What depends on whoever asks: the front-end that started an agent decides nothing for others.
//!
//! What depends on the asker comes with the request (`Surroundings` in its envelope): language, session bus, proxies
//! and authorities. A task that answers an owner carries their `Route`, `agent::upstream::network` keeps a client for
//! each that is in use, and what nobody asked for goes the way of whoever asked last. Other directories are another
//! store: the front-end says a hash of its own, an agent that has others refuses (`elsewhere`), and the front-end turns
//! to the agent beside it, whose socket has that hash in its name. Where somebody names the socket nothing of this is
//! said: the agent may be outside of the container, or on another machine.

use serde::{Deserialize, Serialize};

use super::{Paths, Route};

/// What of an asker's environment decides where and how things are reached for them. It comes with each request: whoever
/// happened to start the agent decides nothing for others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// The session bus, on which their keyring is: `DBUS_SESSION_BUS_ADDRESS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// Which settings and state they mean: [`Paths::tag`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    #[serde(default)]
    pub route: Route,
}

impl Surroundings {
    /// Those of this process. Nothing where somebody named the socket: the agent behind it may be of another machine, or
    /// outside of this container, and what holds here means nothing there.
    pub fn from_environment(paths: &Paths) -> Option<Surroundings> {
        if paths.is_socket_named() {
            return None;
        }
        let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
        Some(Surroundings { bus, home: Some(paths.tag()), route: Route::from_environment() })
    }
}
