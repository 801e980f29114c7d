//! What of a change is shown and remembered: never a secret, nor what stands beside it.

use std::path::Path;

use loom_credentials::base::printable;

use super::hunks::{self, Hunk};
use super::tool::Clear;
use crate::term;

/// What takes a text back, unless a secret stood in what was replaced.
pub fn safe_hunks(base: &str, text: &str, clear: &[Clear]) -> Option<Vec<Hunk>> {
    let hunks = hunks::smallest(base, text);
    let holds = |hunk: &Hunk| clear.iter().any(|clear| hunk.old.contains(&**clear.literal));
    (!hunks.iter().any(holds)).then_some(hunks)
}

/// Shows loom's own words alone.
pub fn blocks(file: &Path, sign: char, blocks: &[String]) {
    term::data_line(&printable(&file.display().to_string()));
    blocks.iter().for_each(|block| term::data_line(&format!("{sign} {}", printable(block))));
}

/// Shows what changes in a file, and no secret in it, nor what stands beside it.
pub fn change(file: &Path, old: &str, new: &str, clear: &[Clear]) {
    term::data_line(&printable(&file.display().to_string()));
    for hunk in hunks::smallest(old, new) {
        let (old, new) = hunks::in_its_item(new, &hunk);
        for (sign, text) in [('-', old), ('+', new)] {
            let lines = text.lines().map(str::trim).filter(|line| line.contains(char::is_alphanumeric));
            for line in lines {
                let hide = |line: String, clear: &Clear| line.replace(&**clear.literal, "…");
                let line = clear.iter().fold(line.trim_end_matches(',').to_owned(), hide);
                term::data_line(&format!("{sign} {}", printable(&line)));
            }
        }
    }
}
