//! How much one authorization server is asked for at once.
//!
//! Logins that were made together end together, and a thousand requests in one moment look like an attack to the
//! server, which then answers none of them; here each would take a thread and a connection. A few go at once, the
//! others wait in the order in which they came, and at another server nobody waits for them. Who waits has no turn
//! (`turns`) yet, so that a lock does not wait for all of a queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::agent::fault;
use crate::agent::upstream::Upstream;
use crate::base::lock;
use crate::base::{AccountKey, Grant};
use crate::msg;
use crate::net::HttpError;
use crate::wire::Fault;

/// So many requests for tokens a server gets from loom at once.
const AT_ONCE: usize = 4;

/// Whoever waited so long waits for a server that hangs: nobody who asks waits longer for an answer either.
const LANE_WITHIN: Duration = Duration::from_secs(60);

/// The lanes to each authorization server, by scheme, host and port of where it takes requests for tokens.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<String, Arc<Semaphore>>>);

/// Held while a server is asked.
pub(crate) struct Lane(#[expect(dead_code, reason = "it is given back when dropped")] Option<OwnedSemaphorePermit>);

impl Lanes {
    /// The lanes to a server. Those that nobody has or waits for are as good as new ones.
    fn to(&self, server: String) -> Arc<Semaphore> {
        let mut lanes = lock(&self.0);
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        lanes.entry(server).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
    }
}

impl Upstream {
    /// Waits for one of the lanes to the server that renews this account.
    pub(super) async fn lane(&self, account: &AccountKey) -> Result<Lane, Fault> {
        let renewed_at = self.accounts.look(|accounts| accounts.get(account)?.credential().grant().map(server));
        let Some(server) = renewed_at.flatten() else { return Ok(Lane(None)) };
        let lanes = self.lanes.to(server);
        match timeout(LANE_WITHIN, lanes.acquire_owned()).await {
            Ok(lane) => Ok(Lane(lane.ok())),
            Err(_) => {
                let silent = HttpError::Unreachable(msg!("no-answer-within", seconds = LANE_WITHIN.as_secs()));
                Err(fault::from_http(account.server(), &silent))
            }
        }
    }
}

/// Who renews what was granted.
pub(super) fn server(grant: &Grant) -> String {
    grant.token_endpoint.url().origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_server_has_lanes_of_its_own_and_idle_ones_are_forgotten() {
        let lanes = Lanes::default();
        let taken: Vec<_> = (0..AT_ONCE).map(|_| lanes.to("a".into()).try_acquire_owned().unwrap()).collect();
        assert!(lanes.to("a".into()).try_acquire_owned().is_err(), "more than so many");
        assert!(lanes.to("b".into()).try_acquire_owned().is_ok(), "another server's are free");
        (0..1_000).for_each(|n| drop(lanes.to(n.to_string())));
        assert!(lock(&lanes.0).len() <= 2);
        drop(taken);
        assert!(lanes.to("a".into()).try_acquire_owned().is_ok());
    }
}
