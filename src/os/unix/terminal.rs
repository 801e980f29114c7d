use std::fs::{File, OpenOptions};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// The terminal of the process, wherever its standard streams lead.
const TERMINAL: &str = "/dev/tty";

/// The terminal as it was at some moment.
pub struct Before {
    terminal: File,
    modes: Termios,
}

/// For as long as this is held, nothing shows on the terminal that is typed, also between two prompts, while an answer
/// is waited for. What nobody has read by its end is thrown away: half a passphrase is no command for the shell.
#[must_use]
pub struct Hush(Option<Before>);

/// The terminal to write on, where there is one.
pub fn to_write() -> Option<File> {
    OpenOptions::new().write(true).open(TERMINAL).ok()
}

impl Before {
    /// As it is now, where there is one.
    pub fn now() -> Option<Before> {
        // Not standard input, which may be a pipe while a passphrase is typed.
        let terminal = OpenOptions::new().read(true).write(true).open(TERMINAL).ok()?;
        let modes = tcgetattr(&terminal).ok()?;
        Some(Before { terminal, modes })
    }

    /// Makes it as it was.
    pub fn restore(&self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.modes);
    }
}

impl Hush {
    /// Where there is no terminal there is nothing to hide.
    pub fn begin() -> Hush {
        let hush = || {
            let before = Before::now()?;
            let mut silent = before.modes.clone();
            silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
            tcsetattr(&before.terminal, OptionalActions::Now, &silent).ok()?;
            Some(before)
        };
        Hush(hush())
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        if let Some(Before { terminal, modes }) = &self.0 {
            let _ = tcsetattr(terminal, OptionalActions::Flush, modes);
        }
    }
}
