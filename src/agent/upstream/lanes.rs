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

use crate::agent::upstream::Upstream;
use crate::base::lock;
use crate::base::{AccountKey, Terms};
use crate::wire::{Fault, reason};

/// So many requests for tokens a server gets from loom at once.
const AT_ONCE: usize = 4;

/// Nobody who asks waits longer for an answer either. Whoever waited so long waits for a server that hangs, or for
/// others who wait for their turn at it: the server was not asked, so it is not said to be away.
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
        self.lane_within(account, LANE_WITHIN).await
    }

    async fn lane_within(&self, account: &AccountKey, time: Duration) -> Result<Lane, Fault> {
        let renewed_at = self.accounts.look(|accounts| accounts.get(account)?.credential().terms().map(server));
        let Some(server) = renewed_at.flatten() else { return Ok(Lane(None)) };
        let lanes = self.lanes.to(server);
        match timeout(time, lanes.acquire_owned()).await {
            Ok(lane) => Ok(Lane(lane.ok())),
            Err(_) => Err(reason::Upstream::Crowded { server: account.server().clone() }.into()),
        }
    }
}

/// Who renews what was granted.
pub(super) fn server(terms: &Terms) -> String {
    terms.token_endpoint.url().origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Agent;
    use crate::base::{Credential, Paths, Secret, ServerUrl, StoreChoice, StoredIn};

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

    #[tokio::test]
    async fn a_server_that_nobody_asked_is_not_said_to_be_away() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Agent::new(Paths::below(dir.path()), Some(StoreChoice::In(StoredIn::Memory)), false);
        let account = AccountKey::new(ServerUrl::parse("https://a.example").unwrap(), None);
        let terms =
            r#"{"kind":"person","issuer":"https://i.example","client_id":"c","token_endpoint":"https://i.example/t"}"#;
        let terms = serde_json::from_str(terms).unwrap();
        let credential = Credential::OAuth { access: Secret::new("t".into()), expires: None, refresh: None, terms };
        agent.accounts.keep(account.clone(), None, credential, |_| true).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(agent.upstream.lane(&account).await.unwrap());
        }
        let fault = agent.upstream.lane_within(&account, Duration::ZERO).await.err().unwrap();
        assert!(matches!(fault.about(), Some(reason::Upstream::Crowded { .. })), "{}", fault.id());
        drop(held);
        assert!(agent.upstream.lane_within(&account, Duration::ZERO).await.is_ok());
    }
}
