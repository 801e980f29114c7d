//! Floor 5: the doors. They move bytes and hold no decision.

mod conversation;
mod crowd;
mod door;
mod doors;
mod http;
mod socket;

pub use door::{Door, DoorError};
pub use socket::serve;
