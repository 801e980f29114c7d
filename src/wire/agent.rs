use serde::{Deserialize, Serialize};

use super::{AgentStatus, Empty, Verb};

/// `hello`: who is there?
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {}

#[derive(Debug, Serialize, Deserialize)]
pub struct HelloReply {
    #[serde(flatten)]
    pub agent: AgentStatus,
    /// What the agent waits for, as sentences: its user is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
}

/// `start`: begin to answer. An agent that can be asked has done so already, so the answer is that of `hello`; asking takes
/// the right to control the agent.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Start {}

/// `stop`: finish what was begun, and end. The connection closes when the agent is gone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stop {}

impl Verb for Hello {
    const NAME: &'static str = "hello";
    const REPEATABLE: bool = true;
    type Reply = HelloReply;
}

impl Verb for Start {
    const NAME: &'static str = "start";
    const REPEATABLE: bool = true;
    type Reply = HelloReply;
}

impl Verb for Stop {
    const NAME: &'static str = "stop";
    type Reply = Empty;
}
