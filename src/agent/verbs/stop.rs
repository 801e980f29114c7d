use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller};
use crate::wire::{Empty, Fault, Stop};

impl Handle for Stop {
    const EVENT: Option<&'static str> = Some("agent.stop");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.stopping.ask();
        Ok(Empty {})
    }
}
