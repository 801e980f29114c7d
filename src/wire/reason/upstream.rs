use crate::base::{Message, ServerUrl};

reasons! {
    /// What a server does wrong, or what lies in the way to it.
    Upstream {
        /// The server does not answer, or with an error that says nothing.
        Unreachable { server: ServerUrl, reason: Option<Message> } => Unavailable, "server-unreachable", "hint-server-unreachable";
        /// The server redirects to another address; nothing is sent there.
        Redirects { server: ServerUrl } => Unavailable, "server-redirects", "hint-server-redirects";
        /// The server's answer is not what the OAuth standards say.
        NotOAuth { server: ServerUrl } => Unavailable, "not-oauth", "hint-with-token";
        /// The server answers with an OAuth error, in its own words (RFC 6749 §5.2).
        ServerSays { server: ServerUrl, error: String, description: String } => Unavailable, "server-says", "hint-server-says";
        /// The server's answer is of another issuer than was asked.
        OtherIssuer { server: ServerUrl, expected: String, said: String } => Denied, "other-issuer", "hint-issuer";
        /// The server names a URL that is not safe to use.
        UnsafeEndpoint { server: ServerUrl } => Denied, "unsafe-endpoint", "hint-with-token";
        /// The token that the server gave cannot be one.
        BadToken { server: ServerUrl } => Unavailable, "bad-token-from-server", "hint-with-token";
        /// The Loom server refuses to begin a login.
        LoginRefused { server: ServerUrl, status: u16 } => Unavailable, "login-refused", "hint-login";
        /// The Loom server names a page that nobody should be sent to.
        BadVerificationUrl { server: ServerUrl } => Unavailable, "bad-verification-url", "hint-with-token";
        /// The server does not answer as a Loom server does.
        NotLoom { server: ServerUrl } => Unavailable, "not-a-loom-server", "hint-with-token";
        /// The issuer has just not answered, and is not asked again at once.
        IssuerSilent { issuer: String } => Unavailable, "issuer-silent", "hint-try-again";
        /// The server was not asked: others ask it, or wait for their turn, and have all that it is sent at once.
        Crowded { server: ServerUrl } => Unavailable, "server-crowded", "hint-try-again";
        /// TLS cannot be used on this machine.
        NoTls { reason: Option<Message> } => Unavailable, "no-tls";
    }
}
