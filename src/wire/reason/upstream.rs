use crate::base::{Message, ServerUrl};

reasons! {
    /// What a server, or the way to it, does not do.
    Upstream {
        /// Nobody got an answer, or none that says anything.
        Unreachable { server: ServerUrl, reason: Option<Message> } => Unavailable, "server-unreachable", "hint-server-unreachable";
        /// The server sends elsewhere; nothing is sent there.
        Redirects { server: ServerUrl } => Unavailable, "server-redirects", "hint-server-redirects";
        /// What it answers is not what the standard says.
        NotOAuth { server: ServerUrl } => Unavailable, "not-oauth", "hint-with-token";
        /// An error in the server's own words.
        ServerSays { server: ServerUrl, error: String, description: String } => Unavailable, "server-says", "hint-server-says";
        /// It speaks for an issuer that nobody asked.
        OtherIssuer { server: ServerUrl, expected: String, said: String } => Denied, "other-issuer", "hint-issuer";
        /// It names a URL that is not safe to use.
        UnsafeEndpoint { server: ServerUrl } => Denied, "unsafe-endpoint", "hint-with-token";
        /// Its token is none.
        BadToken { server: ServerUrl } => Unavailable, "bad-token-from-server", "hint-with-token";
        /// A Loom server refuses to begin a login.
        LoginRefused { server: ServerUrl, status: u16 } => Unavailable, "login-refused", "hint-login";
        /// A Loom server names a page that nobody should be sent to.
        BadVerificationUrl { server: ServerUrl } => Unavailable, "bad-verification-url", "hint-with-token";
        /// It answers as no Loom server does.
        NotLoom { server: ServerUrl } => Unavailable, "not-a-loom-server", "hint-with-token";
        /// An issuer that just did not answer is not asked again at once.
        IssuerSilent { issuer: String } => Unavailable, "issuer-silent", "hint-try-again";
        /// There is no TLS on this machine that could be used.
        NoTls { reason: Option<Message> } => Unavailable, "no-tls";
    }
}
