//! What a push wants changed: read strictly, and written anew for the server.
//!
//! Git's own reader takes capabilities from any line, ends the list at any special line, and lets `shallow` stand
//! anywhere; others differ again. What goes to the server is therefore never what the client wrote, but what was
//! understood of it: two readers cannot see two lists. What is not of the one form that git writes is refused whole.

use super::object_id::{HashKind, ObjectId};
use super::pkt_line::{FLUSH, PktLine, print_line, without_end};
use super::push_capabilities::PushCapabilities;
use crate::base::{RefChange, RefName, is_visible};

/// The longest list, in bytes with its lengths.
pub const MAX_LIST: usize = 1024 * 1024;

/// The most refs of one push.
pub const MAX_REFS: usize = 2000;

/// The longest name of a ref, in bytes. File systems end at 255 for each part.
const MAX_NAME: usize = 1024;

/// The most commits at which a shallow clone ends.
const MAX_SHALLOW: usize = 20_000;

/// What a push wants changed, and what is agreed on for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushList {
    shallow: Vec<ObjectId>,
    changes: Vec<PushedRef>,
    capabilities: PushCapabilities,
}

/// One ref that is to change. Both ids are of the same hash, and not both are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedRef {
    /// What the ref is now, as the client believes; the server compares it.
    pub old: ObjectId,
    /// What it is to be.
    pub new: ObjectId,
    /// Its name.
    pub name: RefName,
}

/// Why a push is none that is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushListError {
    /// A line has no length, or one that there is not.
    #[error("a line has no proper length")]
    Line,
    /// It is a signed push.
    #[error("signed pushes are not handed on")]
    Certificate,
    /// It asks for what is not handed on, such as push options.
    #[error("only the usual capabilities are handed on, and no push options")]
    Capability,
    /// A line is not of the form that git writes.
    #[error("a line is not of git's form")]
    Form,
    /// A name is none by git's rules, or cannot be read.
    #[error("a ref's name is none")]
    Name,
    /// A ref stands there twice.
    #[error("a ref stands there twice")]
    Twice,
    /// Ids of two hashes, or not of the one that was said.
    #[error("the ids are of another hash")]
    Hash,
    /// There is nothing to change, and yet more comes.
    #[error("there is no ref in it")]
    Empty,
    /// It is longer than any list that is read.
    #[error("the list is too long")]
    TooLong,
}

/// Reads a list as its bytes come, wherever they are cut.
#[derive(Debug, Default)]
pub struct PushReader {
    /// What came of the line that is not whole yet.
    part: Vec<u8>,
    read: usize,
    shallow: Vec<ObjectId>,
    changes: Vec<PushedRef>,
    capabilities: Option<PushCapabilities>,
}

/// How far the reader has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// The list goes on.
    More,
    /// The list is whole; then these bytes follow, which are no part of it.
    Whole(PushList, Vec<u8>),
    /// The list is empty: the question whether a push may come, if nothing follows.
    Probe(Vec<u8>),
}

impl PushReader {
    /// Takes what came next.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Progress, PushListError> {
        let mut stream = std::mem::take(&mut self.part);
        stream.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let Some((line, rest)) = PktLine::first(&stream[at..]).map_err(|_| PushListError::Line)? else {
                let rest = stream.split_off(at);
                // What a line says of its length counts at once, however little of it has come.
                let announced = announced(&rest);
                if self.read + announced > MAX_LIST {
                    return Err(PushListError::TooLong);
                }
                self.part = rest;
                return Ok(Progress::More);
            };
            self.read += line.length();
            if self.read > MAX_LIST {
                return Err(PushListError::TooLong);
            }
            match line {
                PktLine::Data(payload) => self.line(payload)?,
                PktLine::Special => return Err(PushListError::Form),
                PktLine::Flush => return std::mem::take(self).whole(rest.to_vec()),
            }
            at = stream.len() - rest.len();
        }
    }

    fn whole(self, rest: Vec<u8>) -> Result<Progress, PushListError> {
        match self.capabilities {
            Some(capabilities) => {
                let hash = capabilities.object_format.unwrap_or(HashKind::Sha1);
                let mut ids = self.changes.iter().map(|change| &change.old).chain(&self.shallow);
                if ids.any(|id| id.kind() != hash) {
                    return Err(PushListError::Hash);
                }
                Ok(Progress::Whole(PushList { shallow: self.shallow, changes: self.changes, capabilities }, rest))
            }
            None if self.shallow.is_empty() => Ok(Progress::Probe(rest)),
            None => Err(PushListError::Empty),
        }
    }

    fn line(&mut self, payload: &[u8]) -> Result<(), PushListError> {
        if let Some(id) = without_end(payload).strip_prefix(b"shallow ") {
            if !self.changes.is_empty() {
                return Err(PushListError::Form);
            }
            if self.shallow.len() >= MAX_SHALLOW {
                return Err(PushListError::TooLong);
            }
            self.shallow.push(ObjectId::parse(id).ok_or(PushListError::Form)?);
            return Ok(());
        }
        if payload.starts_with(b"push-cert") {
            return Err(PushListError::Certificate);
        }
        let line = match &self.capabilities {
            None => {
                let end = payload.iter().position(|byte| *byte == 0).ok_or(PushListError::Form)?;
                let capabilities = without_end(&payload[end + 1..]);
                self.capabilities = Some(PushCapabilities::parse(capabilities).ok_or(PushListError::Capability)?);
                &payload[..end]
            }
            Some(_) => without_end(payload),
        };
        if self.changes.len() >= MAX_REFS {
            return Err(PushListError::TooLong);
        }
        let change = PushedRef::parse(line)?;
        if self.changes.iter().any(|other| other.name == change.name) {
            return Err(PushListError::Twice);
        }
        self.changes.push(change);
        Ok(())
    }
}

/// How long the line will be of which this is the beginning.
fn announced(part: &[u8]) -> usize {
    let digits = part.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or(part.len())
}

impl PushList {
    /// The refs that are to change, of which there is at least one.
    pub fn changes(&self) -> &[PushedRef] {
        &self.changes
    }

    /// What is agreed on.
    pub fn capabilities(&self) -> &PushCapabilities {
        &self.capabilities
    }

    /// Where the clone that it comes from ends.
    pub fn shallow(&self) -> &[ObjectId] {
        &self.shallow
    }

    /// By which hash the repository names its objects.
    pub fn hash(&self) -> HashKind {
        self.capabilities.object_format.unwrap_or(HashKind::Sha1)
    }

    /// Whether a pack follows: not if there is nothing but deletions.
    pub fn has_pack(&self) -> bool {
        self.changes.iter().any(|change| change.change() != RefChange::Delete)
    }

    /// The list as the server gets it, with its flush.
    pub fn print(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for id in &self.shallow {
            print_line(format!("shallow {id}").as_bytes(), &mut bytes);
        }
        for (at, PushedRef { old, new, name }) in self.changes.iter().enumerate() {
            let capabilities = if at == 0 { format!("\0{}", self.capabilities.printed()) } else { String::new() };
            print_line(format!("{old} {new} {}{capabilities}", name.as_str()).as_bytes(), &mut bytes);
        }
        bytes.extend_from_slice(FLUSH);
        bytes
    }
}

impl PushedRef {
    /// What the list alone says of it. Whether a value keeps the one before it does not say.
    pub fn change(&self) -> RefChange {
        match (self.old.is_zero(), self.new.is_zero()) {
            (true, _) => RefChange::Create,
            (false, true) => RefChange::Delete,
            (false, false) => RefChange::Rewrite,
        }
    }

    fn parse(line: &[u8]) -> Result<PushedRef, PushListError> {
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let mut id = || parts.next().and_then(ObjectId::parse).ok_or(PushListError::Form);
        let (old, new) = (id()?, id()?);
        let name = parts.next().ok_or(PushListError::Form)?;
        let name = name_of(name).ok_or(PushListError::Name)?;
        if old.kind() != new.kind() {
            return Err(PushListError::Hash);
        }
        // Git itself sends no such line, and what servers make of it differs.
        if old.is_zero() && new.is_zero() {
            return Err(PushListError::Form);
        }
        Ok(PushedRef { old, new, name })
    }
}

/// A name by git's rules that a person can read: two that look alike could be taken for one.
fn name_of(bytes: &[u8]) -> Option<RefName> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_NAME && is_visible(text))?;
    RefName::parse(text)
}

#[cfg(test)]
mod tests;
