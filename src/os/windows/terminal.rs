use std::fs::{File, OpenOptions};

use windows_sys::Win32::System::Console::ENABLE_ECHO_INPUT;

use super::calls::console;

/// The console of the process, wherever its standard streams lead.
const INPUT: &str = "CONIN$";
const OUTPUT: &str = "CONOUT$";

/// The console as it was at some moment.
pub struct Before {
    console: File,
    mode: u32,
}

/// For as long as this is held, nothing shows on the console that is typed, also between two prompts, while an answer
/// is waited for. What nobody has read by its end is thrown away: half a passphrase is no command for the shell.
#[must_use]
pub struct Hush(Option<Before>);

/// The console to write on, where there is one.
pub fn to_write() -> Option<File> {
    OpenOptions::new().write(true).open(OUTPUT).ok()
}

impl Before {
    /// As it is now, where there is one.
    pub fn now() -> Option<Before> {
        let console = OpenOptions::new().read(true).write(true).open(INPUT).ok()?;
        let mode = console::mode(&console).ok()?;
        Some(Before { console, mode })
    }

    /// Makes it as it was.
    pub fn restore(&self) {
        let _ = console::set_mode(&self.console, self.mode);
    }
}

impl Hush {
    /// Where there is no console there is nothing to hide.
    pub fn begin() -> Hush {
        let hush = || {
            let before = Before::now()?;
            console::set_mode(&before.console, before.mode & !ENABLE_ECHO_INPUT).ok()?;
            Some(before)
        };
        Hush(hush())
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = console::flush_input(&before.console);
            before.restore();
        }
    }
}
