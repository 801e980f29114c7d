//! Tokens that nobody will have: machines did not fetch them, or the log could not say that they were given.

use crate::agent::gate::Gate;
use crate::agent::gate::endings::EndNoted;

impl Gate {
    /// Whose time is over waits no more.
    pub(crate) async fn forget_old_devices(&self) {
        self.devices.forget_old();
        self.revoke_unfetched().await;
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
    /// are kept in mind: the next one who asks for something of machines tries again.
    pub(crate) async fn revoke_unfetched(&self) {
        let ids = self.devices.unfetched();
        if ids.is_empty() {
            return;
        }
        match self.forget_issued(ids.clone(), EndNoted::by_agent()).await {
            Ok(()) => self.devices.were_taken_back(&ids),
            Err(fault) => tracing::warn!(fault = %fault.id(), "tokens that nobody fetched are not taken back"),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
