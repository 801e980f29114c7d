use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::wire::{Empty, Fault, Stop};

impl Handle for Stop {
    const EVENT: Noted = Noted::Done("agent.stop");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.stopping.ask();
        caller.notes_done();
        Ok(Empty {})
    }
}
