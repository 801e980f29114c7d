use serde::{Deserialize, Serialize};

use super::{AgentStatus, Empty, Verb};

/// `hello`: who is there?
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {}

#[derive(Debug, Serialize, Deserialize)]
pub struct HelloReply {
    #[serde(flatten)]
    pub agent: AgentStatus,
}

/// `stop`: finish what was begun, and end. The connection closes when the agent is gone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stop {}

impl Verb for Hello {
    const NAME: &'static str = "hello";
    type Reply = HelloReply;
}

impl Verb for Stop {
    const NAME: &'static str = "stop";
    type Reply = Empty;
}
