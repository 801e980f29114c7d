use crate::base::{Message, ServerUrl};

reasons! {
    /// Why a login that was under way came to nothing.
    Flow {
        /// The person did not confirm the code in time.
        CodeExpired { server: ServerUrl } => LoginRequired, "code-expired", "hint-login";
        /// A login that git had begun was not finished a moment ago, and git begins none again so soon.
        LeftAlone { server: ServerUrl } => LoginRequired, "left-alone", "hint-login";
        /// No browser came back in time.
        NobodyCame { server: ServerUrl } => LoginRequired, "nobody-came", "hint-login";
        /// The login needs a page in a browser, and nobody is there to be shown one.
        NeedsBrowser { server: ServerUrl } => LoginRequired, "needs-browser", "hint-login";
        /// The person refused the login at the server.
        LoginDenied { server: ServerUrl } => Denied, "login-denied", "hint-login";
        /// What the browser brought back belongs to another login.
        OtherLogin { server: ServerUrl } => Denied, "other-login", "hint-login";
        /// The pasted text is not the address that the browser was sent to.
        NotTheRedirect { server: ServerUrl } => BadRequest, "not-the-redirect", "hint-login";
        /// The server does not offer this way to log in.
        NotOffered { server: ServerUrl } => Unavailable, "not-offered", "hint-other-flow";
        /// The server does not publish how to log in.
        SaysNothing { server: ServerUrl } => Unavailable, "says-nothing", "hint-says-nothing";
        /// The server knows no client for loom; a person can register one at `page`.
        RegisterAt { server: ServerUrl, issuer: String, page: String } => Unavailable, "no-client", "hint-register-at";
        /// The server knows no client for loom.
        NoClient { server: ServerUrl, issuer: String } => Unavailable, "no-client", "hint-register";
        /// The server registers applications, but refused loom; `reason` holds its words.
        NotRegistered { server: ServerUrl, reason: Option<Message> } => Unavailable, "not-registered", "hint-register";
        /// The client needs a secret, and none was given.
        NoClientSecret { server: ServerUrl } => BadRequest, "no-client-secret", "hint-client-secret";
        /// No port of this machine could be opened for the browser to come back to.
        NoPort { error: String } => Unavailable, "no-port", "hint-other-flow";
        /// Another program has the port that the settings, or the client's registration, name for the browser to come
        /// back to.
        PortTaken { url: String } => Unavailable, "port-taken", "hint-port-taken";
    }
}
