reasons! {
    /// What keeps people from signing in, and machines from being approved.
    People {
        /// The issuer says who the person is, but no rule of the settings lets them in.
        NotAllowed { person: String } => Denied, "not-allowed-here", "hint-no-role-here";
        /// The issuer says who the person is, but nothing gives them a role here.
        NoRole { person: String } => Denied, "no-role-here", "hint-no-role-here";
        /// The browser comes back of a sign-in that did not begin here, or too late.
        SignInUnknown => Denied, "sign-in-unknown", "hint-sign-in-again";
        /// A token that is good for a number of requests cannot begin a session.
        CountedToken => Denied, "counted-token", "hint-counted-token";
        /// The form is of a page that was loaded in another session, or of another site.
        FormOutdated => Denied, "form-outdated", "hint-form-outdated";
        /// No session has this id.
        NoSuchSession { id: String } => NotFound, "no-such-session";
        /// The settings name no issuer, or not the one that was asked for.
        NoIssuer => NotFound, "no-issuer", "hint-no-issuer";
        /// No machine waits with this code.
        CodeUnknown => NotFound, "code-unknown", "hint-code-unknown";
    }
}
