//! The lines of the audit log and how they are chained: each carries a hash over itself and everything before it, and a
//! number, so a line that was changed, removed or added elsewhere than at the end is noticed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::audit_files::MAX_LINE;
use crate::base::{ServerUrl, hex};
use crate::wire::{Actor, AuditEntry};

/// What stands before the hash at a line's end. The hash covers the line itself and everything before it.
const CHAIN: &[u8] = b",\"chain\":\"";
const HASH: usize = 64;
const END: &[u8] = b"\"}";

/// What stands before the number of an entry, which counts all entries of the chain up to this one. Lines of the former
/// format have none.
const NUMBER: &[u8] = b",\"seq\":";

/// The beginning of every entry.
const ENTRY: &[u8] = b"{\"time\":\"";

const FORMAT: u32 = 2;

/// The longest entry in bytes. Together with its number and hash it fits into the longest line that is read.
const MAX_TEXT: usize = MAX_LINE as usize - 256;

/// To how many characters each text of a longer entry is cut.
const MAX_LEFT: usize = 200;

/// The end of a chain: the hash of its last line, and how many entries there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) hash: String,
    /// The number of entries so far.
    pub(super) entries: u64,
}

/// The first line of a file: which file of the chain it is, and what came before it, so that a missing file is noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beginning {
    audit: u32,
    pub(super) file: u64,
    /// How many entries are in the files before.
    pub(super) entries: u64,
    time: String,
    /// The hash at the end of the file before.
    pub(super) after: String,
}

/// A line as its bytes lie in the file.
pub(super) struct Link<'a> {
    line: &'a [u8],
    body: &'a [u8],
    pub(super) hash: &'a str,
}

impl Head {
    /// Prints the entry as the next line, and moves on to it. `between` is what a crash left behind the line before:
    /// the hash covers it, so that nothing else can be put there later.
    pub(super) fn add(&mut self, entry: &AuditEntry, between: &[u8], lines: &mut String) {
        self.entries += 1;
        // One line whatever stands in it: JSON escapes line breaks.
        let mut text = serde_json::to_string(entry).unwrap_or_default();
        if text.len() > MAX_TEXT {
            text = serde_json::to_string(&stub(entry)).unwrap_or_default();
        }
        let text = text.strip_suffix('}').unwrap_or(&text);
        self.print(&format!("{text},\"seq\":{}", self.entries), between, lines);
    }

    /// Prints the first line of a new file, which joins it to the file before, and moves on to it.
    pub(super) fn begin(&mut self, file: u64, time: String, between: &[u8]) -> String {
        let beginning = Beginning { audit: FORMAT, file, entries: self.entries, time, after: self.hash.clone() };
        let (text, mut line) = (serde_json::to_string(&beginning).unwrap_or_default(), String::new());
        self.print(text.strip_suffix('}').unwrap_or(&text), between, &mut line);
        line
    }

    fn print(&mut self, body: &str, between: &[u8], lines: &mut String) {
        self.hash = hash(&self.hash, between, body.as_bytes());
        lines.push_str(body);
        lines.push_str(",\"chain\":\"");
        lines.push_str(&self.hash);
        lines.push_str("\"}\n");
    }
}

impl<'a> Link<'a> {
    /// Reads a line without its line break; `None` if it does not have exactly this form.
    pub(super) fn parse(line: &'a [u8]) -> Option<Link<'a>> {
        let rest = line.strip_suffix(END)?;
        let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(HASH)?)?;
        let is_hash = hash.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
        let hash = std::str::from_utf8(hash).ok().filter(|_| is_hash)?;
        Some(Link { line, body: rest.strip_suffix(CHAIN)?, hash })
    }

    /// Whether it is what was written after the line with this hash and these bytes.
    pub(super) fn follows(&self, hash_before: &str, between: &[u8]) -> bool {
        hash(hash_before, between, self.body) == self.hash
    }

    /// The entry's number; `None` in the former format.
    pub(super) fn number(&self) -> Option<u64> {
        let digits = self.body.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (rest, number) = self.body.split_at(self.body.len() - digits);
        std::str::from_utf8(number).ok().filter(|_| rest.ends_with(NUMBER))?.parse().ok()
    }

    pub(super) fn beginning(&self) -> Option<Beginning> {
        serde_json::from_slice(self.line).ok().filter(|found: &Beginning| found.audit == FORMAT)
    }

    pub(super) fn entry(&self) -> Option<AuditEntry> {
        serde_json::from_slice(self.line).ok()
    }
}

/// Whether these bytes may be a line that a crash cut short.
pub(super) fn may_be_cut(bytes: &[u8]) -> bool {
    let common = bytes.len().min(ENTRY.len());
    let is_text = std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    !bytes.is_empty()
        && bytes[..common] == ENTRY[..common]
        && is_text
        && !bytes.iter().any(u8::is_ascii_control)
        && !bytes.ends_with(b"}")
}

/// The entry with each text cut, for one that is too long for a line.
fn stub(entry: &AuditEntry) -> AuditEntry {
    let cut = |text: &str| match text.char_indices().nth(MAX_LEFT) {
        Some((at, _)) => text[..at].to_owned() + "\u{2026}",
        None => text.to_owned(),
    };
    let cut_some = |text: &Option<String>| text.as_deref().map(cut);
    let cut_server = |server: &Option<ServerUrl>| {
        server.as_ref().map(ServerUrl::origin).filter(|server| server.to_string().len() <= 2 * MAX_LEFT)
    };
    let actor = match &entry.actor {
        Actor::Process { uid, pid, exe, token_id } => {
            Actor::Process { uid: uid.clone(), pid: *pid, exe: cut_some(exe), token_id: cut_some(token_id) }
        }
        Actor::Person { person, subject, issuer, token_id, address } => Actor::Person {
            person: cut(person),
            subject: cut_some(subject),
            issuer: cut_some(issuer),
            token_id: cut_some(token_id),
            address: cut(address),
        },
        Actor::Token { token_id, address } => Actor::Token { token_id: cut(token_id), address: cut_some(address) },
        Actor::Stranger { address } => Actor::Stranger { address: cut(address) },
    };
    AuditEntry {
        time: cut(&entry.time),
        event: cut(&entry.event),
        actor,
        door: cut_some(&entry.door),
        server: cut_server(&entry.server),
        account: cut_some(&entry.account),
        sent_to: cut_server(&entry.sent_to),
        method: cut_some(&entry.method),
        path: cut_some(&entry.path),
        about: cut_some(&entry.about),
        repository: None,
        reference: None,
        old: None,
        new: None,
        grant: None,
        outcome: cut(&entry.outcome),
        more: entry.more,
        since: cut_some(&entry.since),
    }
}

fn hash(before: &str, between: &[u8], body: &[u8]) -> String {
    let hash = Sha256::new().chain_update(before).chain_update(b"\n").chain_update(between).chain_update(body);
    // The line without its hash, as an object.
    hex(&hash.chain_update(b"}").finalize())
}
