use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller};
use crate::wire::{Empty, Fault, Stop};

impl Handle for Stop {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.stopping.ask();
        Ok(Empty {})
    }
}
