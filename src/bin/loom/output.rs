//! Standard output: data, and whether all of it arrived.
//!
//! Everything on standard output goes through here: a command that ends well though something did not arrive ends with
//! an error all the same (exit 1), unless the reader went away. A token that nobody saw is revoked by whoever had it
//! issued, at the agent or at its server.

use std::io::{Error, ErrorKind, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use loom_credentials::wire::{Fault, reason};

/// What went wrong first.
static FAILED: OnceLock<Error> = OnceLock::new();

/// Whether anything was written.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Writes data at once. What fails is remembered, for [`checked`] at the end and for whoever has to know before.
pub fn write(bytes: &[u8]) {
    BEGUN.fetch_or(!bytes.is_empty(), Ordering::Relaxed);
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        FAILED.get_or_init(|| error);
    }
}

/// Whether there is a part of a document already.
pub fn has_begun() -> bool {
    BEGUN.load(Ordering::Relaxed)
}

/// Whether somebody has got everything so far, or could have.
pub fn has_arrived() -> bool {
    FAILED.get().is_none()
}

/// Why standard output could not be written. A reader that went away is no error, as in `loom status | head`.
pub fn checked() -> Result<(), Fault> {
    match FAILED.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed(error)),
        Some(_) | None => Ok(()),
    }
}

fn failed(error: &Error) -> Fault {
    reason::Command::StdoutFailed { error: error.to_string() }.into()
}
