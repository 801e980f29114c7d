use std::sync::Arc;

use tokio::sync::Semaphore;

use super::tls::Tls;
use crate::access::Standing;
use crate::agent::{Agent, Places};
use crate::base::HttpDoor;
use crate::listen::crowd::Crowd;

/// Whether the door closes: then nobody new is let in, and requests under way have to end soon, or at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    No,
    Soon,
    Now,
}

/// What every connection shares.
pub(super) struct Shared {
    pub(super) agent: Arc<Agent>,
    pub(super) door: HttpDoor,
    /// Who stands behind it.
    pub(super) standing: Standing,
    pub(super) tls: Option<Arc<Tls>>,
    /// Connections by where they are from, and requests under way by who sent them.
    pub(super) crowd: Crowd,
    pub(super) streams: Places,
    pub(super) leaving: Semaphore,
}
