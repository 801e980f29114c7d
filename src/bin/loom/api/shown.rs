//! Standard output for text of others. On a terminal nothing of it moves the cursor or hides text; into files and pipes
//! it goes byte for byte.

use std::io::IsTerminal;

use loom_credentials::base::printable;

use crate::output;

/// Standard output for what a server sends: as it is into pipes and files, and without anything that moves a cursor or
/// hides text where a person looks.
pub struct Shown {
    looked_at: bool,
    /// The beginning of a character whose end has not come yet.
    cut: Vec<u8>,
    ends_line: bool,
}

impl Shown {
    pub fn new() -> Shown {
        Shown { looked_at: std::io::stdout().is_terminal(), cut: Vec::new(), ends_line: true }
    }

    /// `false` if nobody gets it any more.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        let Some(last) = bytes.last() else { return true };
        self.ends_line = *last == b'\n';
        if self.looked_at {
            output::write(self.harmless(bytes).as_bytes())
        } else {
            output::write(bytes)
        }
        output::has_arrived()
    }

    /// Ends the line if it has not ended.
    pub fn end_line(&mut self) -> bool {
        self.ends_line || self.write(b"\n")
    }

    /// Ends the line where a person looks, whose prompt does not belong behind an answer. Pipes get the bytes as sent.
    pub fn end_line_on_screen(&mut self) {
        if self.looked_at {
            self.end_line();
        }
    }

    fn harmless(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        if let Err(error) = std::str::from_utf8(&all)
            && error.error_len().is_none()
        {
            self.cut = all.split_off(error.valid_up_to());
        }
        let text = String::from_utf8_lossy(&all);
        let parts = text.split_inclusive(['\n', '\t']).map(|part| {
            let end = part.strip_suffix(['\n', '\t']).unwrap_or(part);
            printable(end.strip_suffix('\r').unwrap_or(end)) + &part[end.len()..]
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_reaches_a_person_however_it_is_cut() {
        let text = "a\x1b[31m\té\r\nb\u{202e}\u{9b}c\n";
        let whole = "a\\u{1b}[31m\té\nb\\u{202e}\\u{9b}c\n";
        for at in 0..=text.len() {
            let mut shown = Shown { looked_at: true, cut: Vec::new(), ends_line: true };
            let (first, second) = text.as_bytes().split_at(at);
            let said = shown.harmless(first) + &shown.harmless(second);
            // A carriage return that is cut from its line feed is shown.
            assert_eq!(said.replace("\\u{d}", ""), whole, "{at}");
        }
    }
}
