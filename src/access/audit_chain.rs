use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::wire::AuditEntry;

/// A line of the log: the entry, and a hash over it and all before it. A line that is changed, moved, or taken out of the
/// middle breaks every hash after it.
#[derive(Serialize, Deserialize)]
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
    pub(super) fn add(&mut self, entry: AuditEntry) -> String {
        self.0 = self.after(&entry);
        let line = Line { entry, chain: self.0.clone() };
        // One line whatever stands in it: JSON escapes line breaks.
        serde_json::to_string(&line).unwrap_or_default() + "\n"
    }

    /// Moves on to this line if it is the next one.
    pub(super) fn follow(&mut self, line: &Line) -> bool {
        let next = self.after(&line.entry);
        let holds = next == line.chain;
        self.0 = line.chain.clone();
        holds
    }

    fn after(&self, entry: &AuditEntry) -> String {
        let text = serde_json::to_vec(entry).unwrap_or_default();
        let digest = Sha256::new().chain_update(&self.0).chain_update(b"\n").chain_update(text).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
