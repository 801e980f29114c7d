//! Floor 5: the doors. They move bytes and hold no decision.

mod conversation;
mod crowd;
mod door;
mod restricted;
mod socket;

pub use door::{Door, DoorError};
pub use socket::serve;
