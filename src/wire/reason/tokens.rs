use crate::base::Message;

reasons! {
    /// What is wrong with issuing, naming or ending a token of the agent's own.
    Tokens {
        /// The process has shown too many wrong tokens lately; that is forgotten in so many seconds.
        TooManyWrongTokens { seconds: u64 } => Denied, "too-many-wrong-tokens", "hint-token-unknown";
        /// The token would have more rights than whoever issues it.
        TokenTooWide => Denied, "token-too-wide", "hint-token-too-wide";
        /// The token would live longer than whoever issues it may grant, which is at most so many days.
        LivesTooLong { most: u32 } => BadRequest, "lives-too-long", "hint-lives-too-long";
        /// The token would end at once.
        BadExpiry => BadRequest, "bad-expiry", "hint-bad-expiry";
        /// Neither scopes nor a role were given, or both.
        ScopesOrRole => BadRequest, "scopes-or-role", "hint-scopes";
        /// A text is no grant.
        BadGrant { grant: String, reason: Option<Message> } => BadRequest, "bad-grant", "hint-bad-grant";
        /// There are more grants than a token has.
        TooManyGrants => BadRequest, "grant-too-many", "hint-bad-grant";
        /// A token was to have grants, and none was named.
        NoGrants => BadRequest, "no-grants", "hint-bad-grant";
        /// The settings have no such role.
        UnknownRole { role: String } => BadRequest, "unknown-role", "hint-unknown-role";
        /// The text cannot be the name of a token.
        BadTokenName => BadRequest, "bad-token-name";
        /// Another active token has this name.
        TokenNameTaken => BadRequest, "token-name-taken", "hint-tokens";
        /// There are as many active tokens as there may be.
        TooManyTokens { most: usize } => BadRequest, "too-many-tokens", "hint-too-many-tokens";
        /// There is no token of this name.
        NoSuchToken { name: String } => NotFound, "no-such-token", "hint-tokens";
        /// The token was rotated before; the one with this id has its place.
        TokenReplaced { id: String } => BadRequest, "token-replaced", "hint-token-replaced";
        /// Several tokens have this name.
        NameOfSeveral { name: String } => BadRequest, "name-of-several", "hint-name-of-several";
        /// An issuer gave the token, so only the issuer can end it.
        TokenOfIssuer { issuer: String } => BadRequest, "token-of-issuer", "hint-token-of-issuer";
        /// The system gives no random numbers, so no secret can be made.
        NoRandom { error: String } => Unavailable, "no-random";
    }
}
