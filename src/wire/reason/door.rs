use std::path::PathBuf;

use crate::base::Message;

reasons! {
    /// What goes wrong with the sockets that have a token of their own, and with the HTTP door.
    Door {
        /// The path of a socket must be absolute.
        SocketNotAbsolute { path: PathBuf } => BadRequest, "socket-not-absolute", "hint-socket";
        /// There is a socket at this path already.
        SocketIsThere { path: PathBuf } => BadRequest, "socket-is-there", "hint-sockets";
        /// No socket could be opened at the path.
        SocketNotOpened { reason: Option<Message> } => Unavailable, "socket-not-opened", "hint-socket";
        /// There is no socket with a token of its own at this path.
        NoSuchSocket { path: PathBuf } => NotFound, "no-such-socket", "hint-sockets";
        /// Somebody else opened the socket, so whoever asks may not close it.
        SocketOfAnother { path: PathBuf } => Denied, "socket-of-another", "hint-door-of-another";
        /// The HTTP door could not be opened.
        HttpNotOpened { reason: Option<Message> } => Unavailable, "http-not-opened", "hint-serve";
        /// A certificate was named without its key, or a key without its certificate.
        HalfTls => BadRequest, "http-half-tls", "hint-serve";
        /// Somebody else opened the HTTP door that whoever asks would open anew or close.
        HttpIsOpen { url: String } => Denied, "http-is-open", "hint-http-is-open";
    }
}
