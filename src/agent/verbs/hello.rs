//! The first word with an agent: its version, and what it waits for at the moment, so that a person who waits too can
//! be told. What it waits for names servers and paths, so only the user hears it.
use std::time::Duration;

use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::base::waiting;
use crate::wire::{Fault, Hello, HelloReply, Start};

/// What is waited for for less is about to come.
const TOLD_AFTER: Duration = Duration::from_secs(1);

impl Handle for Hello {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<HelloReply, Fault> {
        // Servers and paths are nothing for who has a token of a few rights.
        let waits = if caller.is_owner() { waiting::for_longer_than(TOLD_AFTER) } else { Vec::new() };
        let waits = waits.iter().map(|what| caller.locale.render(what)).collect();
        Ok(HelloReply { agent: agent.status(), waits })
    }
}

impl Handle for Start {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<HelloReply, Fault> {
        Ok(HelloReply { agent: agent.status(), waits: Vec::new() })
    }
}
