use std::path::PathBuf;

use crate::base::Message;

reasons! {
    /// What a front-end meets on its way to the agent; no agent says it.
    Agent {
        /// There is none, and none is to be started.
        NotRunning => Unavailable, "agent-not-running", "hint-start-agent";
        /// Its program could not be started.
        NotFound { error: String, program: PathBuf } => Unavailable, "agent-not-started", "hint-agent-beside";
        /// It was started, and ended at once.
        NotStarted { error: String } => Unavailable, "agent-not-started";
        /// It was started, and nobody listens.
        Unreached { path: PathBuf } => Unavailable, "agent-unreached", "hint-try-again";
        /// The socket is there, and cannot be used.
        NotReached { path: PathBuf, error: String } => Unavailable, "agent-not-reached";
        /// What listens there may be somebody else.
        SocketUnsafe { variable: String, reason: Option<Message> } => Denied, "socket-unsafe", "hint-socket-unsafe";
        /// A directory that is somebody else's.
        DirectoryOfAnother { path: PathBuf } => Denied, "directory-of-another", "hint-directory-of-another";
        /// It went away before it answered.
        Gone => Unavailable, "agent-gone", "hint-try-again";
        /// It is there, and answers nobody.
        Silent => Unavailable, "agent-silent", "hint-agent-silent";
        /// It answers others, and took too long for this.
        Late { seconds: u64 } => Unavailable, "agent-late", "hint-agent-late";
        /// It speaks another version of the protocol.
        SpeaksVersion { version: u32, own: u32 } => Unavailable, "agent-speaks-version", "hint-restart-agent";
        /// What it says makes no sense here.
        SpeaksOtherwise => Unavailable, "agent-speaks-otherwise", "hint-restart-agent";
        /// It does not end.
        NotEnded { pid: u32 } => Unavailable, "agent-not-ended";
        /// It runs on another machine, or in another container, so nothing here can end it.
        OnAnotherMachine { pid: u32, host: String, path: PathBuf } => Unavailable, "agent-unreachable", "hint-socket-shared";
    }
}
