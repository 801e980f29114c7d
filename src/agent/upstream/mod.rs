//! What is asked of servers about what is kept: new access tokens, the end of old ones, whether they still count.

mod check;
mod chores;
mod lanes;
pub(crate) mod network;
pub(crate) mod oauth_fault;
pub(crate) mod registrations;
mod renewals;
mod revocation;
pub(crate) mod turns;
mod unrevoked;

use std::sync::{Arc, Mutex, Weak};

use crate::agent::accounts::Accounts;
use crate::agent::life::auditing::Auditing;
use crate::agent::life::stopping::Stopping;
use crate::agent::upstream::chores::Chores;
use crate::agent::upstream::lanes::Lanes;
use crate::agent::upstream::network::Network;
use crate::agent::upstream::renewals::Renewals;
use crate::agent::upstream::turns::Turns;
use crate::agent::upstream::unrevoked::Unrevoked;
use crate::base::Paths;

/// Speaks to servers with the credentials that are kept. A refresh token is used by one caller at a time.
pub(crate) struct Upstream {
    /// A handle to itself, for a renewal that goes on after its caller has an answer.
    own: Weak<Upstream>,
    pub(crate) paths: Paths,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) network: Arc<Network>,
    audit: Arc<Auditing>,
    stopping: Arc<Stopping>,
    renewals: Renewals,
    lanes: Lanes,
    turns: Turns,
    chores: Chores,
    unrevoked: Mutex<Unrevoked>,
}

impl Upstream {
    pub(crate) fn new(
        paths: &Paths,
        accounts: Arc<Accounts>,
        network: Arc<Network>,
        audit: Arc<Auditing>,
        stopping: Arc<Stopping>,
    ) -> Arc<Upstream> {
        Arc::new_cyclic(|own| Upstream {
            own: own.clone(),
            paths: paths.clone(),
            accounts,
            network,
            audit,
            stopping,
            renewals: Renewals::default(),
            lanes: Lanes::default(),
            turns: Turns::default(),
            chores: Chores::default(),
            unrevoked: Mutex::default(),
        })
    }
}
