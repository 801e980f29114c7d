//! What a client and a server may agree on for a push. Both are told only of what stands here, so that nothing comes
//! along that means more than the list of refs says: push options merge and publish, a certificate repeats the list.

use super::object_id::HashKind;

/// What the client of a push asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushCapabilities {
    /// In the order in which they came, each once; only those that are handed on.
    handed_on: Vec<String>,
    /// Whether the answer goes into a band of its own, beside what a person is told.
    pub side_band: bool,
    /// Whether the client reads what became of each ref.
    pub report_status: bool,
    /// Which hash the client says the repository has.
    pub object_format: Option<HashKind>,
}

/// Those that are a word by themselves.
const WORDS: [&str; 6] = ["report-status", "report-status-v2", "side-band-64k", "quiet", "atomic", "ofs-delta"];

/// Those with a value.
const WITH_VALUE: [&str; 3] = ["object-format", "agent", "session-id"];

/// The longest value, in bytes.
const MAX_VALUE: usize = 256;

impl PushCapabilities {
    /// Parses what stands behind the first ref; `None` if there is something in it that is not handed on.
    pub(super) fn parse(text: &[u8]) -> Option<PushCapabilities> {
        let text =
            std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')))?;
        let mut all = PushCapabilities::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let is_twice = all.handed_on.iter().any(|other| other.split('=').next() == Some(name));
            match value {
                _ if is_twice => return None,
                // Some clients repeat it, and no server needs that.
                None if name == "delete-refs" => continue,
                None if WORDS.contains(&name) => {}
                Some(value) if WITH_VALUE.contains(&name) && value.len() <= MAX_VALUE => {}
                _ => return None,
            }
            match (name, value) {
                ("object-format", Some("sha1")) => all.object_format = Some(HashKind::Sha1),
                ("object-format", Some("sha256")) => all.object_format = Some(HashKind::Sha256),
                ("object-format", _) => return None,
                ("side-band-64k", _) => all.side_band = true,
                ("report-status" | "report-status-v2", _) => all.report_status = true,
                _ => {}
            }
            all.handed_on.push(word.to_owned());
        }
        Some(all)
    }

    /// As they are written behind the first ref.
    pub(super) fn printed(&self) -> String {
        self.handed_on.iter().map(|word| format!(" {word}")).collect()
    }
}

/// Of what a server says that it can, what its client is told of.
pub(super) fn told_of(offered: &str, may_delete: bool) -> String {
    let is_told = |word: &&str| match word.split_once('=') {
        Some((name, value)) => WITH_VALUE.contains(&name) && value.len() <= MAX_VALUE,
        None => WORDS.contains(word) || may_delete && *word == "delete-refs",
    };
    offered.split(' ').filter(is_told).map(|word| format!(" {word}")).collect()
}
