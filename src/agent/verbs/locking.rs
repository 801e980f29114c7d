use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::wire::{Empty, Fault, Lock, LockReply, Unlock};

impl Handle for Lock {
    const EVENT: Noted = Noted::Done("lock");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LockReply, Fault> {
        let locked = agent.lock_everywhere().await;
        if locked.changed {
            caller.notes_done();
        }
        Ok(LockReply { passphrase: agent.lock.needs_passphrase(), everywhere: locked.everywhere })
    }
}

impl Handle for Unlock {
    const EVENT: Noted = Noted::Done("unlock");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        if agent.unlock(self.passphrase).await? {
            // It gives out what it can read, also if that is nothing.
            caller.notes_done();
        }
        agent.accounts.with(|_| ()).await?;
        Ok(Empty {})
    }
}
