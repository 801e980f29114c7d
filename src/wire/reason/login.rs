use crate::base::{Message, ServerUrl};

reasons! {
    /// What is wrong with the login or the credential for a server.
    Login {
        /// Nobody is logged in at the server. `account` is for git's helper, and says as whom to log in where that is
        /// known.
        NotLoggedIn { server: ServerUrl, account: Option<String> } => LoginRequired, "not-logged-in", "hint-login";
        /// Whoever asks sees no credential for the server, and may not log in.
        NothingThere { server: ServerUrl } => NotFound, "not-logged-in";
        /// Nobody is logged in anywhere.
        NobodyLoggedIn => LoginRequired, "nobody-logged-in";
        /// The keyring's record of the account cannot be read any more.
        RecordDamaged { server: ServerUrl, account: String } => LoginRequired, "record-damaged", "hint-login";
        /// The credential has expired, and cannot be renewed.
        LoginExpired { server: ServerUrl } => LoginRequired, "login-expired", "hint-login";
        /// The server renews the login no more; a person has to log in again.
        LoginEnded { server: ServerUrl } => LoginRequired, "login-ended", "hint-login";
        /// The server refused the credential.
        LoginRefused { server: ServerUrl } => LoginRequired, "login-refused-by-server", "hint-login";
        /// The server does not know the client of this login (any more): a new login gets another client.
        ClientUnknown { server: ServerUrl, error: String, description: String } => LoginRequired, "server-says", "hint-login";
        /// The credential would go in clear.
        Cleartext { server: ServerUrl } => Denied, "cleartext-refused", "hint-allow-http";
        /// No server was named, and there is no default server.
        NoServer => BadRequest, "no-server", "hint-server";
        /// The text is no URL of a server, since its host is not ASCII; `host` is how the host is written in ASCII.
        ServerNotAscii { server: String, host: String, reason: Option<Message> } => BadRequest, "bad-server", "hint-a-label";
        /// The text is no URL of a server.
        BadServer { server: String, reason: Option<Message> } => BadRequest, "bad-server", "hint-server-form";
        /// The server refused several new tokens in a row, so no more are asked for within so many seconds.
        RenewedAgainIn { server: ServerUrl, seconds: u64 } => Unavailable, "renewed-again-in", "hint-renewed-again-in";
        /// The credential has nothing to renew it with, so there is no other token to ask for.
        NotRenewable { server: ServerUrl } => BadRequest, "not-renewable", "hint-login";
        /// The login has no ID token: it was made without `openid`, or its server gives none.
        NoIdToken { server: ServerUrl } => LoginRequired, "no-id-token", "hint-id-token";
        /// The ID token has ended, and renewing the login brought no other.
        IdTokenEnded { server: ServerUrl } => LoginRequired, "id-token-ended", "hint-id-token";
        /// Something else was wished for beside the ID token.
        IdTokenAlone => BadRequest, "id-token-alone";
        /// The server does not exchange tokens (RFC 8693).
        NoExchange { server: ServerUrl } => BadRequest, "no-exchange", "hint-no-exchange";
        /// The server gave a token for more scopes than were asked for.
        BeyondScope { server: ServerUrl, scopes: String } => Denied, "beyond-scope", "hint-beyond-scope";
        /// The server does not take the token or password, so it is not kept.
        TokenRefused { server: ServerUrl } => Denied, "token-refused", "hint-token-refused";
        /// The text to keep is no token or password.
        BadToken => BadRequest, "bad-token", "hint-bad-token";
        /// What a tool brought is not kept: the settings, or the rights of the token that it shows, do not let it.
        NotKept { server: ServerUrl } => Denied, "not-kept", "hint-not-kept";
        /// Git has a password to keep, but not the user name that belongs to it.
        StoreWithoutUser => BadRequest, "store-without-user";
    }
}
