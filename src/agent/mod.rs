//! Floor 4: the only place that decides.

mod accounts;
mod api;
mod blocking;
mod call;
mod doors;
mod fair;
mod fault;
mod gate;
mod life;
mod login;
mod state;
mod upstream;
mod verbs;

pub use api::ends_here;
pub use call::caller::{Asker, Caller, Peer, WRITE_WITHIN};
pub use call::dispatch::{answer, is_hello};
pub use doors::control::{DoorOrder, RestrictedDoor};
pub use doors::http_door::{NamedIssuer, OpenHttp};
pub use fair::party::Party;
pub use fair::places::{Place, Places};
pub use gate::guest::{Guest, Shown};
pub use life::stopping::{Busy, Stopping};
pub use state::Agent;
