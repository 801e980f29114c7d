reasons! {
    /// What is asked, and the agent that is asked.
    Request {
        /// What makes no sense.
        NotARequest => BadRequest, "not-a-request";
        /// Most often the front-end is newer than this agent.
        UnknownVerb { verb: String } => BadRequest, "unknown-verb", "hint-restart-agent";
        /// A frame of another version of the protocol.
        UnknownVersion { version: u32 } => BadRequest, "unknown-version", "hint-restart-agent";
        /// Whoever asks means another store than this agent has.
        Elsewhere => Elsewhere, "agent-of-other-home", "hint-agent-of-other-home";
        /// The agent is about to end.
        Stopping => Unavailable, "agent-stopping", "hint-try-again";
        /// Whoever asked ended it.
        Cancelled => Cancelled, "cancelled";
        /// A mistake in loom.
        Internal => Internal, "internal";
    }
}
