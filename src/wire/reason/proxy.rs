use crate::base::ServerUrl;

reasons! {
    /// Why the agent does not hand a request of somebody else's program on.
    Proxy {
        /// Whoever asks has no grants, and the proxy is for those who have.
        NoGrants => Denied, "proxy-no-grants", "hint-proxy-no-grants";
        /// Nothing is granted at what the request names as its server.
        NothingThere { host: String } => NotFound, "proxy-nothing-there", "hint-proxy-nothing-there";
        /// It was granted only where nothing is lost by it, and that could not be shown.
        NotShownToGrow { name: String } => Denied, "proxy-not-shown-to-grow", "hint-proxy-not-shown-to-grow";
        /// It is a path of git's that is not handed on, or not in this spelling.
        OddGit => Denied, "proxy-odd-git", "hint-proxy-odd-git";
        /// Frames that came through the HTTP door are no connection that could carry anything else.
        NotOverFrames => BadRequest, "proxy-not-over-frames", "hint-proxy-not-over-frames";
        /// The request can be read in two ways.
        Ambiguous => BadRequest, "proxy-ambiguous";
        /// The request has to show the token, and shows nothing.
        NothingShown => Unauthenticated, "proxy-nothing-shown", "hint-proxy-nothing-shown";
        /// What the request shows is not the token.
        NotTheToken => Denied, "proxy-not-the-token", "hint-proxy-nothing-shown";
        /// The body comes in an encoding that is not read here.
        Encoding => BadRequest, "proxy-encoding";
        /// The body is none that is handed on.
        Body { why: String } => BadRequest, "proxy-body";
        /// The server leads elsewhere.
        LedElsewhere { server: ServerUrl, to: String } => Denied, "proxy-led-elsewhere", "hint-proxy-led-elsewhere";
        /// A form could name another method.
        Form => Denied, "proxy-form", "hint-proxy-form";
        /// What the server answered is none of git's, or of its large files'.
        NotGits { server: ServerUrl } => Unavailable, "proxy-not-gits";
        /// The link to a large file is not there (any more).
        NoLink => NotFound, "proxy-no-link", "hint-proxy-no-link";
        /// A token would be handed out by the answer, or stands in the URL.
        TokenInUrl => Denied, "proxy-token-in-url", "hint-proxy-token-in-url";
    }
}
