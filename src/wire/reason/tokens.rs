reasons! {
    /// The tokens that say what somebody may: issuing, naming and ending them.
    Tokens {
        /// One process tries one token after the other.
        TooManyWrongTokens { seconds: u64 } => Denied, "too-many-wrong-tokens", "hint-token-unknown";
        /// A token would be given more than whoever gives it has.
        TokenTooWide => Denied, "token-too-wide", "hint-token-too-wide";
        /// A token is to live longer than this one may give it.
        LivesTooLong { most: u32 } => BadRequest, "lives-too-long", "hint-lives-too-long";
        /// A token that would end at once.
        BadExpiry => BadRequest, "bad-expiry", "hint-bad-expiry";
        /// Neither scopes nor a role, or both.
        ScopesOrRole => BadRequest, "scopes-or-role", "hint-scopes";
        /// The settings have no such role.
        UnknownRole { role: String } => BadRequest, "unknown-role", "hint-unknown-role";
        /// What can be no name of a token.
        BadTokenName => BadRequest, "bad-token-name";
        /// An active token has this name.
        TokenNameTaken => BadRequest, "token-name-taken", "hint-tokens";
        /// So many tokens are active, and no more may be.
        TooManyTokens { most: usize } => BadRequest, "too-many-tokens", "hint-too-many-tokens";
        /// There is no token of this name.
        NoSuchToken { name: String } => NotFound, "no-such-token", "hint-tokens";
        /// Several tokens have this name.
        NameOfSeveral { name: String } => BadRequest, "name-of-several", "hint-name-of-several";
        /// What an issuer gave only the issuer can end.
        TokenOfIssuer { issuer: String } => BadRequest, "token-of-issuer", "hint-token-of-issuer";
        /// The system gives no random numbers, so there are no secrets.
        NoRandom { error: String } => Unavailable, "no-random";
    }
}
