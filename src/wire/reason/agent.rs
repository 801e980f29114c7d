use std::path::PathBuf;

use crate::base::Message;

reasons! {
    /// What a front-end meets on its way to the agent. Front-ends say it, never an agent.
    Agent {
        /// No agent runs, and the front-end may start none.
        NotRunning => Unavailable, "agent-not-running", "hint-start-agent";
        /// The program `loom-agent` could not be started.
        NotFound { error: String, program: PathBuf } => Unavailable, "agent-not-started", "hint-agent-beside";
        /// The agent was started, and ended at once.
        NotStarted { error: String } => Unavailable, "agent-not-started";
        /// The agent was started, but nobody listens at its socket.
        Unreached { path: PathBuf } => Unavailable, "agent-unreached", "hint-try-again";
        /// The socket is there, but a connection to it failed.
        NotReached { path: PathBuf, error: String } => Unavailable, "agent-not-reached";
        /// Another user may have put the socket there: its directory or the process that listens is not this user's
        /// alone.
        SocketUnsafe { variable: String, reason: Option<Message> } => Denied, "socket-unsafe", "hint-socket-unsafe";
        /// A directory that loom would use belongs to another user.
        DirectoryOfAnother { path: PathBuf } => Denied, "directory-of-another", "hint-directory-of-another";
        /// The agent closed the connection before it answered.
        Gone => Unavailable, "agent-gone", "hint-try-again";
        /// The agent is there, but answers nobody.
        Silent => Unavailable, "agent-silent", "hint-agent-silent";
        /// The agent answers others, but took too long for this question.
        Late { seconds: u64 } => Unavailable, "agent-late", "hint-agent-late";
        /// The agent speaks another version of the protocol.
        SpeaksVersion { version: u32, own: u32 } => Unavailable, "agent-speaks-version", "hint-restart-agent";
        /// The agent's answer is not what this front-end expects.
        SpeaksOtherwise => Unavailable, "agent-speaks-otherwise", "hint-restart-agent";
        /// The agent was told to end, and is still there.
        NotEnded { pid: u32 } => Unavailable, "agent-not-ended";
        /// The agent runs on another machine, or in another container, so nothing here can end it.
        OnAnotherMachine { pid: u32, host: String, path: PathBuf } => Unavailable, "agent-unreachable", "hint-socket-shared";
    }
}
