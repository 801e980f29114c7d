use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::base::hex;
use crate::wire::AuditEntry;

/// A line of the log: the entry, and a hash over it and all before it. A line that is changed, moved, or taken out of the
/// middle breaks every hash after it.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(flatten)]
    pub(super) entry: AuditEntry,
    pub(super) chain: String,
}

/// The end of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head(pub(super) String);

impl Head {
    /// Prints the entry as the next line, and moves on to it.
    pub(super) fn add(&mut self, entry: &AuditEntry, lines: &mut String) {
        // One line whatever stands in it: JSON escapes line breaks.
        let text = serde_json::to_string(entry).unwrap_or_default();
        self.0 = self.after(&text);
        // The chain becomes the last field of the object, without printing the entry twice.
        lines.push_str(text.strip_suffix('}').unwrap_or(&text));
        lines.push_str(",\"chain\":\"");
        lines.push_str(&self.0);
        lines.push_str("\"}\n");
    }

    /// Moves on to this line if it is the next one.
    pub(super) fn follow(&mut self, line: &Line) -> bool {
        let next = self.after(&serde_json::to_string(&line.entry).unwrap_or_default());
        let holds = next == line.chain;
        self.0.clone_from(&line.chain);
        holds
    }

    fn after(&self, text: &str) -> String {
        hex(&Sha256::new().chain_update(&self.0).chain_update(b"\n").chain_update(text).finalize())
    }
}
