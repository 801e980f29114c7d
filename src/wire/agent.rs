use serde::{Deserialize, Serialize};

use super::{AgentStatus, Empty, Verb};

/// `hello`: asks which agent answers, and in which state it is. Takes no rights.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {}

/// The answer to [`Hello`] and to [`Start`].
#[derive(Debug, Serialize, Deserialize)]
pub struct HelloReply {
    /// The state of the agent that answered.
    #[serde(flatten)]
    pub agent: AgentStatus,
    /// One sentence for each lock, disk, server or keyring for which the agent has waited a second or longer, in the
    /// language of the request. Only the agent's own user is told; empty for everybody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
}

/// `start`: asks what [`Hello`] asks, for whoever has the right to control the agent. The agent has nothing to do for
/// it: a front-end starts one before it asks.
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
