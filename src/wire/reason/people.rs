reasons! {
    /// People who sign in, and machines that wait until somebody approves them.
    People {
        /// The issuer says who they are, and no rule of the settings lets them in.
        NotAllowed { person: String } => Denied, "not-allowed-here", "hint-no-role-here";
        /// The issuer says who they are, and nobody gave them a role here.
        NoRole { person: String } => Denied, "no-role-here", "hint-no-role-here";
        /// A browser came back that was never sent away, or too late.
        SignInUnknown => Denied, "sign-in-unknown", "hint-sign-in-again";
        /// A token with a number of uses begins no session.
        CountedToken => Denied, "counted-token", "hint-counted-token";
        /// A form of a page that was loaded in another session, or that is none of ours.
        FormOutdated => Denied, "form-outdated", "hint-form-outdated";
        /// There is no such session.
        NoSuchSession { id: String } => NotFound, "no-such-session";
        /// The settings name no issuer, or not this one.
        NoIssuer => NotFound, "no-issuer", "hint-no-issuer";
        /// No machine waits with this code.
        CodeUnknown => NotFound, "code-unknown", "hint-code-unknown";
    }
}
