use crate::base::{Message, ServerUrl};

reasons! {
    /// What is said to git only, by the agent or by git's helper.
    Git {
        /// What git asks for would go in clear. How to allow it is said, since for a proxy it may be what is wanted.
        Cleartext { server: ServerUrl } => NotFound, "cleartext-for-git", "hint-cleartext-for-git";
        /// Nobody but git calls it, and not so.
        Usage => Usage, "git-helper-usage", "hint-git-helper-usage";
        /// Git's question makes no sense.
        InputRefused { reason: Option<Message> } => BadRequest, "git-input-refused", "hint-git-input";
        /// Git says nothing for too long.
        InputTimeout => BadRequest, "git-input-timeout";
        /// There is an answer, which git's protocol cannot say.
        SecretNotSayable => Internal, "secret-not-sayable";
        /// The answer did not arrive.
        StdoutFailed { error: String } => Unavailable, "stdout-failed", "hint-stdout-failed";
    }
}
