use std::io::{Cursor, Read, Write};

use crate::os::relay::{Receiving, Sending};

/// A connection to the agent that carries bytes and no frames any more.
pub struct Tunnel {
    /// What was read with the reply, and what comes after it.
    pub(super) begun: Vec<u8>,
    pub(super) receiving: Receiving,
    pub(super) sending: Sending,
}

impl Tunnel {
    /// Both directions, each for a thread of its own.
    pub fn halves(self) -> (impl Read + Send, Sending) {
        (Cursor::new(self.begun).chain(self.receiving), self.sending)
    }

    /// Hands on what comes from one side to the other, as it comes, until the first ends.
    pub fn pump(from: &mut dyn Read, to: &mut dyn Write) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count) = from.read(&mut bytes) {
            if count == 0 || to.write_all(&bytes[..count]).and_then(|()| to.flush()).is_err() {
                return;
            }
        }
    }
}
