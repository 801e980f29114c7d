use std::path::PathBuf;

use crate::base::Message;

reasons! {
    /// The sockets with a token of their own, and the HTTP door.
    Door {
        /// Where a socket is to be has to be said whole.
        SocketNotAbsolute { path: PathBuf } => BadRequest, "socket-not-absolute", "hint-socket";
        /// There is a socket already.
        SocketIsThere { path: PathBuf } => BadRequest, "socket-is-there", "hint-sockets";
        /// A socket could not be opened there.
        SocketNotOpened { reason: Option<Message> } => Unavailable, "socket-not-opened", "hint-socket";
        /// There is no socket.
        NoSuchSocket { path: PathBuf } => NotFound, "no-such-socket", "hint-sockets";
        /// Somebody else opened it.
        SocketOfAnother { path: PathBuf } => Denied, "socket-of-another", "hint-door-of-another";
        /// The HTTP door could not be opened.
        HttpNotOpened { reason: Option<Message> } => Unavailable, "http-not-opened", "hint-serve";
        /// A certificate without its key, or a key without its certificate.
        HalfTls => BadRequest, "http-half-tls", "hint-serve";
        /// Somebody else opened the door that is to be opened.
        HttpIsOpen { url: String } => Denied, "http-is-open", "hint-http-is-open";
    }
}
