use crate::base::Message;

reasons! {
    /// What is said to git only, by the agent or by git's helper.
    Git {
        /// What git asks for would go in clear. Git is told how to allow it, since behind a proxy it may be what is
        /// wanted. The server is text as it is shown: git's helper reads this, and links no parser of URLs.
        Cleartext { server: String } => NotFound, "cleartext-for-git", "hint-cleartext-for-git";
        /// The helper's command line is not one that git writes.
        Usage => Usage, "git-helper-usage", "hint-git-helper-usage";
        /// The command line of another tool's helper is not one that the tool writes.
        ToolUsage { usage: String } => Usage, "tool-helper-usage", "hint-tool-helper-usage";
        /// Git's question makes no sense; `reason` says why.
        InputRefused { reason: Option<Message> } => BadRequest, "git-input-refused", "hint-git-input";
        /// Git did not finish its question in time.
        InputTimeout => BadRequest, "git-input-timeout";
        /// A tool wants its person to be asked for a token, and nobody is there.
        NobodyToAsk => BadRequest, "nobody-to-ask", "hint-nobody-to-ask";
        /// The answer has characters that git's line format cannot hold.
        SecretNotSayable => Internal, "secret-not-sayable";
        /// Git did not take the answer.
        StdoutFailed { error: String } => Unavailable, "stdout-failed", "hint-stdout-failed";
    }
}
