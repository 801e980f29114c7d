//! A terminal on which nothing shows that is typed.

use std::fs::{File, OpenOptions};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// For as long as this is held, nothing shows on the terminal that is typed, also between two prompts, while an answer is
/// waited for. What nobody has read by its end is thrown away: half a passphrase is no command for the shell.
#[must_use]
pub struct Hush(Option<(File, Termios)>);

impl Hush {
    /// Where there is no terminal there is nothing to hide.
    pub fn begin() -> Hush {
        let hush = || {
            let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
            let before = tcgetattr(&terminal).ok()?;
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
            tcsetattr(&terminal, OptionalActions::Now, &silent).ok()?;
            Some((terminal, before))
        };
        Hush(hush())
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        if let Some((terminal, before)) = &self.0 {
            let _ = tcsetattr(terminal, OptionalActions::Flush, before);
        }
    }
}
