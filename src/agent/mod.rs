//! Floor 4: the only place that decides.
//!
//! [`Agent`] holds what is known; a verb is one file under `verbs`; `dispatch` is the table of them.

mod accounts;
mod api;
mod auditing;
mod blocking;
mod caller;
mod changes;
mod check;
mod chores;
mod devices;
mod disk;
mod dispatch;
mod doors;
mod fault;
mod flights;
mod guard;
mod guest;
mod held;
mod issued;
mod keeping;
mod links;
mod lock_note;
mod locking;
mod login;
mod needs;
mod network;
mod oauth_fault;
mod outage;
mod people;
mod places;
mod registrations;
mod renewals;
mod revocation;
mod seen;
mod select;
mod settings;
mod shares;
mod state;
mod stop;
mod stores;
mod tally;
mod turns;
mod verbs;
mod wishes;

pub use api::ends_here;
pub use caller::{Asker, Caller, Peer, WRITE_WITHIN};
pub use dispatch::{answer, is_hello};
pub use doors::{DoorOrder, OpenHttp, RestrictedDoor};
pub use guest::{Guest, Shown};
pub use places::{Place, Places};
pub use shares::Party;
pub use state::Agent;
pub use stop::{Busy, Stopping};
