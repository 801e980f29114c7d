use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::wire::{Empty, Fault, Stop};

impl Handle for Stop {
    const EVENT: Option<&'static str> = Some("agent.stop");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.stopping.ask();
        Ok(Empty {})
    }
}
