reasons! {
    /// What is wrong with a request, or with the agent that it reached.
    Request {
        /// The frame is not a request, or its fields are not those of its verb.
        NotARequest => BadRequest, "not-a-request";
        /// The agent does not know the verb; most often the front-end is newer than the agent.
        UnknownVerb { verb: String } => BadRequest, "unknown-verb", "hint-restart-agent";
        /// The frame is of another version of the protocol.
        UnknownVersion { version: u32 } => BadRequest, "unknown-version", "hint-restart-agent";
        /// The agent has another store than whoever asks means.
        Elsewhere => Elsewhere, "agent-of-other-home", "hint-agent-of-other-home";
        /// The agent is about to end.
        Stopping => Unavailable, "agent-stopping", "hint-try-again";
        /// Whoever asked cancelled the request.
        Cancelled => Cancelled, "cancelled";
        /// A mistake in loom.
        Internal => Internal, "internal";
    }
}
