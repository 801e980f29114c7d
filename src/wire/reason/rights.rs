use crate::base::Scope;

reasons! {
    /// Why somebody may not do what they ask for.
    Rights {
        /// Whoever asks through the HTTP door has shown nothing that says who they are.
        Unauthenticated => Unauthenticated, "unauthenticated", "hint-unauthenticated";
        /// What was shown at the HTTP door is no valid token or session (any more).
        ProofUnknown => Unauthenticated, "token-unknown", "hint-token-unknown";
        /// The token that a process of this machine shows is not valid (any more).
        TokenUnknown => Denied, "token-unknown", "hint-token-unknown";
        /// The request needs this scope, which the token does not have.
        ScopeMissing { scope: Scope } => Denied, "scope-missing", "hint-token-rights";
        /// The token has grants, and lacks this one.
        GrantMissing { grant: String } => Denied, "grant-missing", "hint-grant-missing";
        /// The token has grants, and a path of git's was called as if it were an API's.
        GitPathCalled => Denied, "git-path-called", "hint-git-path-called";
        /// The token has grants, and this call is not written as any grant can be.
        OddCall => Denied, "odd-call", "hint-odd-call";
        /// The token only shows who is logged in where, and the request would use a credential.
        StatusOnly => Denied, "status-only", "hint-status-only";
        /// The token may have credentials used, but not see them.
        RevealMissing => Denied, "reveal-missing", "hint-token-rights";
        /// The token is for some servers, and the request is about all of them.
        SomeServers => Denied, "token-for-some-servers", "hint-token-rights";
        /// The request names something that only the user may, without a token.
        OnlyTheUser => Denied, "only-the-user", "hint-only-the-user";
        /// Too much was asked or tried; come back after so many seconds.
        TooMany { seconds: u64 } => TooMany, "too-many-attempts";
    }
}
