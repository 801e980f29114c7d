use crate::base::Scope;

reasons! {
    /// What somebody may not, and who nobody is.
    Rights {
        /// Who asks from elsewhere has shown nothing.
        Unauthenticated => Unauthenticated, "unauthenticated", "hint-unauthenticated";
        /// What somebody from elsewhere has shown is worth nothing (any more).
        ProofUnknown => Unauthenticated, "token-unknown", "hint-token-unknown";
        /// The token that a process shows is worth nothing (any more).
        TokenUnknown => Denied, "token-unknown", "hint-token-unknown";
        /// What is asked takes more than the token has.
        ScopeMissing { scope: Scope } => Denied, "scope-missing", "hint-token-rights";
        /// A token that may look may not use.
        StatusOnly => Denied, "status-only", "hint-status-only";
        /// The token may have things used, but not see secrets.
        RevealMissing => Denied, "reveal-missing", "hint-token-rights";
        /// The token is for some servers, and this is about all.
        SomeServers => Denied, "token-for-some-servers", "hint-token-rights";
        /// What only the user and their settings may say was said with a token.
        OnlyTheUser => Denied, "only-the-user", "hint-only-the-user";
        /// Too much was asked or tried; come back after so many seconds.
        TooMany { seconds: u64 } => TooMany, "too-many-attempts";
    }
}
