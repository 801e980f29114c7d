use crate::base::{Message, ServerUrl};

reasons! {
    /// Why a login under way came to nothing.
    Flow {
        /// The code was not confirmed in time.
        CodeExpired { server: ServerUrl } => LoginRequired, "code-expired", "hint-login";
        /// Nobody came back from the browser in time.
        NobodyCame { server: ServerUrl } => LoginRequired, "nobody-came", "hint-login";
        /// Nobody is there who could be shown a page.
        NeedsBrowser { server: ServerUrl } => LoginRequired, "needs-browser", "hint-login";
        /// The person said no at the server.
        LoginDenied { server: ServerUrl } => Denied, "login-denied", "hint-login";
        /// What the browser brought back belongs to another login.
        OtherLogin { server: ServerUrl } => Denied, "other-login", "hint-login";
        /// What was pasted is not the address that the browser was sent to.
        NotTheRedirect { server: ServerUrl } => BadRequest, "not-the-redirect", "hint-login";
        /// The server has no such way to log in.
        NotOffered { server: ServerUrl } => Unavailable, "not-offered", "hint-other-flow";
        /// The server publishes nothing of how to log in.
        SaysNothing { server: ServerUrl } => Unavailable, "says-nothing", "hint-says-nothing";
        /// loom has no client there, and where a person registers one is known.
        RegisterAt { server: ServerUrl, issuer: String, page: String } => Unavailable, "no-client", "hint-register-at";
        /// loom has no client there.
        NoClient { server: ServerUrl, issuer: String } => Unavailable, "no-client", "hint-register";
        /// The server registers applications, but not this one; what it says to that is all that there is to know.
        NotRegistered { server: ServerUrl, reason: Option<Message> } => Unavailable, "not-registered", "hint-register";
        /// The client needs a secret, and nobody said which.
        NoClientSecret { server: ServerUrl } => BadRequest, "no-client-secret", "hint-client-secret";
        /// No port of this machine could be opened for the browser to come back to.
        NoPort { error: String } => Unavailable, "no-port", "hint-other-flow";
        /// Another program has the port that the settings, or a registration, say.
        PortTaken { url: String } => Unavailable, "port-taken", "hint-port-taken";
    }
}
