//! Whether a push only adds, shown by the commits at the head of its pack, without a copy of the repository.
//!
//! Git writes commits first. Each is hashed as it comes, and from the new value its parents are followed: where the old
//! value is met among them the new one comes after it. Ids are hashes, and the server compares the old value when it
//! changes the ref, so nobody can make this up. What cannot be read is not shown: nothing is admitted by a guess.

use std::collections::{HashMap, HashSet};

use flate2::{Decompress, FlushDecompress, Status};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use super::object_id::{HashKind, ObjectId};

/// How many bytes of a pack are looked at.
pub const MAX_HELD: usize = 8 * 1024 * 1024;

/// How long what is in them may be, taken together, and in one object.
const MAX_INFLATED: usize = 32 * 1024 * 1024;
const MAX_OBJECT: usize = 1024 * 1024;

/// How far it has been shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// More of the pack is needed.
    NotYet,
    /// Every new value comes after the old one.
    Yes,
    /// It cannot be shown.
    No,
}

/// Follows the commits of a pack.
pub struct Descent {
    hash: HashKind,
    lines: Vec<Line>,
    commits: HashMap<ObjectId, Vec<ObjectId>>,
    /// Commits by where they begin, for those that are written as a difference; and by their ids.
    texts: HashMap<usize, Vec<u8>>,
    offsets: HashMap<ObjectId, usize>,
    inflated: usize,
    at: usize,
    left: Option<u32>,
}

/// One ref: from its old value to the new one.
struct Line {
    old: ObjectId,
    reached: HashSet<ObjectId>,
    is_shown: bool,
}

/// An object of the pack, and where the next one begins.
struct Object {
    kind: u8,
    base: Base,
    text: Vec<u8>,
    end: usize,
}

enum Base {
    None,
    At(usize),
    Named(ObjectId),
}

/// Where the reading of an object ends.
enum Stop {
    More,
    Unreadable,
}

impl Descent {
    /// To be shown for each of these, from its old value to its new one.
    pub fn new(hash: HashKind, pairs: impl IntoIterator<Item = (ObjectId, ObjectId)>) -> Descent {
        let line = |(old, new): (ObjectId, ObjectId)| Line { is_shown: old == new, reached: HashSet::from([new]), old };
        Descent {
            hash,
            lines: pairs.into_iter().map(line).collect(),
            commits: HashMap::new(),
            texts: HashMap::new(),
            offsets: HashMap::new(),
            inflated: 0,
            at: 0,
            left: None,
        }
    }

    /// Looks at what came of the pack so far: all of it, from its beginning.
    pub fn look(&mut self, pack: &[u8]) -> Shown {
        if self.left.is_none() {
            let Some(head) = pack.get(..12) else { return Shown::NotYet };
            if !is_pack(head) {
                return Shown::No;
            }
            self.left = head[8..].try_into().ok().map(u32::from_be_bytes);
            self.at = 12;
        }
        loop {
            if self.lines.iter().all(|line| line.is_shown) {
                return Shown::Yes;
            }
            if self.left == Some(0) || self.inflated > MAX_INFLATED {
                return Shown::No;
            }
            match self.object(pack) {
                Ok(object) => {
                    if self.take(object).is_none() {
                        return Shown::No;
                    }
                    self.left = self.left.map(|left| left.saturating_sub(1));
                }
                Err(Stop::More) if pack.len() < MAX_HELD => return Shown::NotYet,
                Err(Stop::More | Stop::Unreadable) => return Shown::No,
            }
        }
    }

    /// Notes a commit; `None` if it is something behind which no commits come.
    fn take(&mut self, object: Object) -> Option<()> {
        let begin = std::mem::replace(&mut self.at, object.end);
        self.inflated += object.text.len();
        let text = match (object.kind, object.base) {
            (1, Base::None) => object.text,
            // Tags stand among commits.
            (4, Base::None) => return Some(()),
            (6, Base::At(base)) => patched(self.texts.get(&base)?, &object.text)?,
            (7, Base::Named(base)) => patched(self.texts.get(self.offsets.get(&base)?)?, &object.text)?,
            _ => return None,
        };
        let id = self.id(&text)?;
        self.commits.insert(id.clone(), parents(&text)?);
        self.offsets.insert(id.clone(), begin);
        self.texts.insert(begin, text);
        for line in &mut self.lines {
            line.follow(&id, &self.commits);
        }
        Some(())
    }

    fn id(&self, text: &[u8]) -> Option<ObjectId> {
        let algorithm = match self.hash {
            HashKind::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            HashKind::Sha256 => &SHA256,
        };
        let mut context = Context::new(algorithm);
        context.update(format!("commit {}\0", text.len()).as_bytes());
        context.update(text);
        ObjectId::of_hash(context.finish().as_ref())
    }

    fn object(&self, pack: &[u8]) -> Result<Object, Stop> {
        let mut at = self.at;
        let mut byte = || {
            let byte = pack.get(at).copied();
            at += 1;
            byte.ok_or(Stop::More)
        };
        let first = byte()?;
        let (kind, mut size, mut shift) = (first >> 4 & 7, usize::from(first & 15), 4);
        let mut last = first;
        while last & 0x80 != 0 {
            last = byte()?;
            size |= usize::from(last & 0x7f).checked_shl(shift).ok_or(Stop::Unreadable)?;
            shift += 7;
            if size > MAX_OBJECT {
                return Err(Stop::Unreadable);
            }
        }
        let base = match kind {
            1 | 4 => Base::None,
            6 => {
                let mut last = byte()?;
                let mut back = usize::from(last & 0x7f);
                while last & 0x80 != 0 {
                    last = byte()?;
                    back = ((back + 1) << 7) | usize::from(last & 0x7f);
                    if back > MAX_HELD {
                        return Err(Stop::Unreadable);
                    }
                }
                Base::At(self.at.checked_sub(back).ok_or(Stop::Unreadable)?)
            }
            7 => {
                let length = if self.hash == HashKind::Sha1 { 20 } else { 32 };
                let id = pack.get(at..at + length).ok_or(Stop::More)?;
                at += length;
                Base::Named(ObjectId::of_hash(id).ok_or(Stop::Unreadable)?)
            }
            _ => return Err(Stop::Unreadable),
        };
        let (text, used) = inflated(pack.get(at..).ok_or(Stop::More)?, size)?;
        Ok(Object { kind, base, text, end: at + used })
    }
}

impl Line {
    /// Goes on from this commit, if it has been reached, to its parents and theirs.
    fn follow(&mut self, id: &ObjectId, commits: &HashMap<ObjectId, Vec<ObjectId>>) {
        let mut next = if self.reached.contains(id) { vec![id.clone()] } else { Vec::new() };
        while let Some(id) = next.pop() {
            for parent in commits.get(&id).map(Vec::as_slice).unwrap_or_default() {
                self.is_shown |= *parent == self.old;
                if self.reached.insert(parent.clone()) {
                    next.push(parent.clone());
                }
            }
        }
    }
}

/// Whether these are the first bytes of a pack.
pub fn is_pack(head: &[u8]) -> bool {
    head.get(..8).is_some_and(|head| head[..4] == *b"PACK" && head[4..7] == [0; 3] && matches!(head[7], 2 | 3))
}

/// So many bytes that were compressed at the beginning of these, and how many they took.
fn inflated(bytes: &[u8], size: usize) -> Result<(Vec<u8>, usize), Stop> {
    let mut text = Vec::with_capacity(size + 1);
    let mut inflate = Decompress::new(true);
    let status = inflate.decompress_vec(bytes, &mut text, FlushDecompress::None).map_err(|_| Stop::Unreadable)?;
    let used = usize::try_from(inflate.total_in()).map_err(|_| Stop::Unreadable)?;
    match status {
        Status::StreamEnd if text.len() == size => Ok((text, used)),
        // There was room for all that there may be.
        Status::Ok | Status::BufError if used == bytes.len() && text.len() <= size => Err(Stop::More),
        _ => Err(Stop::Unreadable),
    }
}

/// The parents of a commit, if it is one.
fn parents(text: &[u8]) -> Option<Vec<ObjectId>> {
    let mut lines = text.split(|byte| *byte == b'\n');
    ObjectId::parse(lines.next()?.strip_prefix(b"tree ")?)?;
    let mut parents = Vec::new();
    for line in lines {
        let Some(id) = line.strip_prefix(b"parent ") else { break };
        parents.push(ObjectId::parse(id)?);
    }
    Some(parents)
}

/// A text that is written as its difference from another one.
fn patched(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = delta.iter().copied();
    let mut size = || {
        let (mut size, mut shift) = (0_usize, 0);
        loop {
            let byte = bytes.next()?;
            size |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 || shift > 28 {
                return Some(size).filter(|size| *size <= MAX_OBJECT);
            }
        }
    };
    let (before, after) = (size()?, size()?);
    if before != base.len() {
        return None;
    }
    let mut text = Vec::with_capacity(after);
    while let Some(order) = bytes.next() {
        if order & 0x80 != 0 {
            let mut number = |bits: std::ops::Range<u32>| {
                bits.enumerate().try_fold(0_usize, |number, (at, bit)| {
                    let byte = if order >> bit & 1 == 1 { bytes.next()? } else { 0 };
                    Some(number | usize::from(byte) << (8 * at))
                })
            };
            let (from, length) = (number(0..4)?, number(4..7)?);
            let length = if length == 0 { 0x10000 } else { length };
            text.extend_from_slice(base.get(from..from.checked_add(length)?)?);
        } else if order != 0 {
            for _ in 0..order {
                text.push(bytes.next()?);
            }
        } else {
            return None;
        }
        if text.len() > after {
            return None;
        }
    }
    (text.len() == after).then_some(text)
}

#[cfg(test)]
mod tests;
