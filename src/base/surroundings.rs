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

/// What depends on the environment of whoever asks. It comes with each request, so that the environment of the process
/// that happened to start the agent decides nothing for others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// The address of the session bus on which the asker's keyring is (`DBUS_SESSION_BUS_ADDRESS`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// Which directories of settings and state the asker means, as [`Paths::tag`] names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// The asker's proxies and certificate authorities.
    #[serde(default)]
    pub route: Route,
}

impl Surroundings {
    /// The surroundings of this process. `None` if `LOOM_AGENT_SOCK` names the socket: the agent behind it may be on
    /// another machine or outside of this container, where these values mean nothing.
    pub fn from_environment(paths: &Paths) -> Option<Surroundings> {
        if paths.is_socket_named() {
            return None;
        }
        let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
        Some(Surroundings { bus, home: Some(paths.tag()), route: Route::from_environment() })
    }
}
