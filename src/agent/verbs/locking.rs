use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::wire::{Empty, Fault, Lock, LockReply, Unlock};

impl Handle for Lock {
    const EVENT: Option<&'static str> = Some("lock");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<LockReply, Fault> {
        let everywhere = agent.lock_everywhere().await;
        Ok(LockReply { passphrase: agent.lock.needs_passphrase(), everywhere })
    }
}

impl Handle for Unlock {
    const EVENT: Option<&'static str> = Some("unlock");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.unlock(self.passphrase).await.map(|()| Empty {})
    }
}
