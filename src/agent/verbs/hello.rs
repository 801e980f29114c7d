use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller};
use crate::wire::{AgentStatus, Fault, Hello, HelloReply, Start};

impl Handle for Hello {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<HelloReply, Fault> {
        Ok(HelloReply { agent: this_agent(agent) })
    }
}

impl Handle for Start {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<HelloReply, Fault> {
        Ok(HelloReply { agent: this_agent(agent) })
    }
}

pub(super) fn this_agent(agent: &Agent) -> AgentStatus {
    AgentStatus {
        running: true,
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        locked: agent.is_locked(),
        memory_locked: agent.memory_locked,
        http: agent.http_url(),
    }
}
