use crate::base::{Message, ServerUrl};

reasons! {
    /// Whether there is something at a server, and whether it is still good for anything.
    Login {
        /// Nobody is logged in there. For git's helper it says as whom, where that is known.
        NotLoggedIn { server: ServerUrl, account: Option<String> } => LoginRequired, "not-logged-in", "hint-login";
        /// Whoever asks sees nothing there, and a login is not theirs to make.
        NothingThere { server: ServerUrl } => NotFound, "not-logged-in";
        /// Nobody is logged in anywhere.
        NobodyLoggedIn => LoginRequired, "nobody-logged-in";
        /// What the keyring has of an account is no record any more.
        RecordDamaged { server: ServerUrl, account: String } => LoginRequired, "record-damaged", "hint-login";
        /// What is kept has expired, and cannot be renewed.
        LoginExpired { server: ServerUrl } => LoginRequired, "login-expired", "hint-login";
        /// What was granted has ended; only a person can have it granted anew.
        LoginEnded { server: ServerUrl } => LoginRequired, "login-ended", "hint-login";
        /// The server took a token that should be good for nothing.
        LoginRefused { server: ServerUrl } => LoginRequired, "login-refused-by-server", "hint-login";
        /// The server does not know the client of this login (any more): a login gets another.
        ClientUnknown { server: ServerUrl, error: String, description: String } => LoginRequired, "server-says", "hint-login";
        /// What is asked for would go in clear.
        Cleartext { server: ServerUrl } => Denied, "cleartext-refused", "hint-allow-http";
        /// No server was named, and none is the default.
        NoServer => BadRequest, "no-server", "hint-server";
        /// No URL of a server: in ASCII its host is written as `host` says.
        ServerNotAscii { server: String, host: String, reason: Option<Message> } => BadRequest, "bad-server", "hint-a-label";
        /// No URL of a server.
        BadServer { server: String, reason: Option<Message> } => BadRequest, "bad-server", "hint-server-form";
        /// The server refuses one new token after the other: it gets no more of them for a moment.
        RenewedAgainIn { server: ServerUrl, seconds: u64 } => Unavailable, "renewed-again-in", "hint-renewed-again-in";
        /// What is kept has nothing to renew it with.
        NotRenewable { server: ServerUrl } => BadRequest, "not-renewable", "hint-login";
        /// The server exchanges no tokens.
        NoExchange { server: ServerUrl } => BadRequest, "no-exchange", "hint-no-exchange";
        /// A token for just some scopes may not be good for more.
        BeyondScope { server: ServerUrl, scopes: String } => Denied, "beyond-scope", "hint-beyond-scope";
        /// A token to keep that is none.
        BadToken => BadRequest, "bad-token", "hint-bad-token";
        /// Git has a password without the name that it belongs to.
        StoreWithoutUser => BadRequest, "store-without-user";
    }
}
