//! Floor 6: the doors. They move bytes and hold no decision.

mod buffer;
mod conversation;
mod crowd;
mod door;
mod doors;
mod foreign;
mod hall;
mod http;
mod peer;
mod socket;
mod token_watch;
mod watch;

pub use door::{Door, DoorError};
pub use socket::serve;
