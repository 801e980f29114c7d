//! Floor 5: the doors. They move bytes and hold no decision.

mod crowd;
pub mod socket;

pub use socket::{Door, DoorError, serve};
