//! Tokens that nobody will have: machines did not fetch them, or the log could not say that they were given.

use std::time::Duration;

use crate::agent::gate::Gate;
use crate::agent::gate::endings::EndNoted;
use crate::base::Moment;

/// How long strangers do not try again what failed.
const PAUSE: Duration = Duration::from_secs(1);

impl Gate {
    /// Whose time is over waits no more.
    pub(crate) async fn forget_old_devices(&self) {
        self.devices.forget_old();
        self.revoke_unfetched().await;
    }

    /// The same for strangers, who come as often as they like: what cannot be written is tried by one at a time, and
    /// after a failure once a second. Nobody else waits for the ledger behind many of them.
    pub(crate) async fn strangers_forget_old_devices(&self) {
        self.devices.forget_old();
        let Ok(mut tried) = self.devices.tried.try_lock() else { return };
        if tried.is_none_or(|tried| tried.elapsed() >= PAUSE) {
            // Also where they hang up before it is done.
            *tried = Some(Moment::now());
            if self.revoke_unfetched().await {
                *tried = None;
            }
        }
    }

    /// Nobody waits any more, since the agent ends or is locked.
    pub async fn forget_devices(&self) {
        self.devices.forget_all();
        self.revoke_unfetched().await;
    }

    /// Takes back a token of which nobody has heard yet.
    pub(crate) async fn take_back(&self, id: String) {
        self.devices.is_unfetched(id);
        self.revoke_unfetched().await;
    }

    /// Tokens that no machine fetched are worth nothing, and are off the list once that is written. Until it is they
    /// are kept in mind: the next one who asks for something of machines tries again. `false` if it could not be.
    async fn revoke_unfetched(&self) -> bool {
        let ids = self.devices.unfetched();
        if ids.is_empty() {
            return true;
        }
        let done = self.forget_issued(ids.clone(), EndNoted::by_agent()).await;
        match &done {
            Ok(()) => self.devices.were_taken_back(&ids),
            Err(fault) => tracing::warn!(fault = %fault.id(), "tokens that nobody fetched are not taken back"),
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use crate::access::Authority;
    use crate::agent::Agent;
    use crate::agent::fair::party::Party;
    use crate::agent::gate::new_token::NewToken;
    use crate::agent::gate::waiting::{Asking, Granted};
    use crate::base::{Paths, StoreChoice, StoredIn};

    #[tokio::test]
    async fn what_no_machine_fetched_is_noted_when_it_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        let agent = Agent::new(paths.clone(), Some(StoreChoice::In(StoredIn::File)), false);
        let token = NewToken::named("box", "read");
        let (token, issued) = agent.gate.issue(&Authority::owner(), token).await.unwrap();
        let (id, scopes, expires_at) = (issued.id.clone(), issued.scopes.clone(), issued.expires_at);
        let party = || Party::at([127, 0, 0, 1].into());
        let (_, code) = agent.gate.devices.start(party(), Asking::new(None, None, None)).unwrap();
        let granted = Granted { token, id: id.clone(), scopes, expires_at };
        agent.gate.devices.decide(&code, Some(granted), party()).ok().unwrap();
        let noted = async || {
            agent.audit.rights_noted().await.unwrap();
            let log = std::fs::read_to_string(paths.audit_rights()).unwrap_or_default();
            log.lines().filter(|line| line.contains("token.revoke") && line.contains(&id)).count()
        };
        let list = std::fs::read(paths.tokens_file()).unwrap();
        std::fs::write(paths.tokens_file(), "no list").unwrap();
        agent.gate.forget_devices().await;
        assert_eq!(noted().await, 0, "it is on the list as long as that cannot be written");
        std::fs::write(paths.tokens_file(), list).unwrap();
        assert!(agent.gate.issued_token(id.clone()).await.unwrap().is_some());
        for _ in 0..2 {
            agent.gate.forget_old_devices().await;
            assert!(agent.gate.issued_token(id.clone()).await.unwrap().is_none());
            assert_eq!(noted().await, 1);
        }
    }

    #[tokio::test]
    async fn strangers_take_back_what_nobody_fetched_one_by_one_and_now_and_then() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        let agent = Agent::new(paths.clone(), Some(StoreChoice::In(StoredIn::File)), false);
        let issue = async || {
            let (_, issued) = agent.gate.issue(&Authority::owner(), NewToken::named("box", "read")).await.unwrap();
            agent.gate.devices.is_unfetched(issued.id.clone());
            issued.id.clone()
        };
        let is_there = async |id: &str| agent.gate.issued_token(id.to_owned()).await.unwrap().is_some();
        let id = issue().await;
        let list = std::fs::read(paths.tokens_file()).unwrap();
        std::fs::write(paths.tokens_file(), "no list").unwrap();
        agent.gate.strangers_forget_old_devices().await;
        std::fs::write(paths.tokens_file(), list).unwrap();
        agent.gate.strangers_forget_old_devices().await;
        assert!(is_there(&id).await, "it failed a moment ago");
        crate::base::moment::sleep(std::time::Duration::from_secs(1));
        // Somebody else has the turn, and one waits for it.
        let turn = agent.gate.issued.turn.lock().await;
        let mut first = std::pin::pin!(agent.gate.strangers_forget_old_devices());
        let waits = std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
        assert!(waits);
        agent.gate.strangers_forget_old_devices().await;
        drop(turn);
        first.await;
        assert!(!is_there(&id).await);
        let next = issue().await;
        agent.gate.strangers_forget_old_devices().await;
        assert!(!is_there(&next).await, "after a success nobody waits");
    }
}
