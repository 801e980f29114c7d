//! The objects at the head of a pack, one after the other, as its bytes come. Every byte is looked at once, however
//! they are cut, and all that is made of them is taken from one budget before it is made.

use flate2::{Decompress, FlushDecompress, Status};

use super::object_id::{HashKind, ObjectId};

/// How many bytes of a pack are looked at.
pub const MAX_HELD: usize = 8 * 1024 * 1024;

/// How much may be made of them, taken together, and of one object.
const MAX_MADE: usize = 16 * 1024 * 1024;
const MAX_OBJECT: usize = 1024 * 1024;

/// What an object costs besides its bytes: what is remembered of it.
const OF_EACH: usize = 256;

/// The head of a pack, as far as it was read.
pub(super) struct PackHead {
    hash: HashKind,
    at: usize,
    left: Option<u32>,
    budget: usize,
    begun: Option<Begun>,
}

/// An object of the pack.
pub(super) struct Object {
    pub(super) begin: usize,
    pub(super) kind: Kind,
    pub(super) text: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tag,
    /// Written as a difference from what begins there, or has this name.
    After(usize),
    AfterNamed(ObjectId),
}

/// Why there is no further object.
pub(super) enum Stop {
    More,
    /// It is the end, or something behind which no commits come, or nothing that is read.
    Over,
}

/// An object of which the beginning was read.
struct Begun {
    object: Object,
    size: usize,
    inflate: Decompress,
}

impl PackHead {
    pub(super) fn new(hash: HashKind) -> PackHead {
        PackHead { hash, at: 0, left: None, budget: MAX_MADE, begun: None }
    }

    /// Takes so much from what may be made.
    pub(super) fn spend(&mut self, bytes: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(bytes).filter(|_| bytes <= MAX_OBJECT)?;
        Some(())
    }

    /// The next object of a pack of which this came so far, from its beginning.
    pub(super) fn next(&mut self, pack: &[u8]) -> Result<Object, Stop> {
        let pack = &pack[..pack.len().min(MAX_HELD)];
        let more = || if pack.len() < MAX_HELD { Stop::More } else { Stop::Over };
        if self.left.is_none() {
            let head = pack.get(..12).ok_or_else(more)?;
            if !is_pack(head) {
                return Err(Stop::Over);
            }
            self.left = head[8..].try_into().ok().map(u32::from_be_bytes);
            self.at = 12;
        }
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None if self.left == Some(0) => return Err(Stop::Over),
            None => self.begin(pack).map_err(|stop| if matches!(stop, Stop::More) { more() } else { stop })?,
        };
        match begun.go_on(pack, &mut self.at) {
            Ok(()) => {
                self.left = self.left.map(|left| left.saturating_sub(1));
                Ok(begun.object)
            }
            Err(Stop::More) => {
                self.begun = Some(begun);
                Err(more())
            }
            Err(Stop::Over) => Err(Stop::Over),
        }
    }

    fn begin(&mut self, pack: &[u8]) -> Result<Begun, Stop> {
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
            size |= usize::from(last & 0x7f).checked_shl(shift).ok_or(Stop::Over)?;
            shift += 7;
            if size > MAX_OBJECT || shift > 28 {
                return Err(Stop::Over);
            }
        }
        let kind = match kind {
            1 => Kind::Commit,
            4 => Kind::Tag,
            6 => {
                let mut last = byte()?;
                let mut back = usize::from(last & 0x7f);
                while last & 0x80 != 0 {
                    last = byte()?;
                    back = ((back + 1) << 7) | usize::from(last & 0x7f);
                    if back > MAX_HELD {
                        return Err(Stop::Over);
                    }
                }
                Kind::After(self.at.checked_sub(back).ok_or(Stop::Over)?)
            }
            7 => {
                let length = if self.hash == HashKind::Sha1 { 20 } else { 32 };
                let id = pack.get(at..at + length).ok_or(Stop::More)?;
                at += length;
                Kind::AfterNamed(ObjectId::of_hash(id).ok_or(Stop::Over)?)
            }
            _ => return Err(Stop::Over),
        };
        self.spend(size).and_then(|()| self.spend(OF_EACH)).ok_or(Stop::Over)?;
        let begin = std::mem::replace(&mut self.at, at);
        // With room for one byte too many, by which it shows.
        let object = Object { begin, kind, text: Vec::with_capacity(size + 1) };
        Ok(Begun { object, size, inflate: Decompress::new(true) })
    }
}

impl Begun {
    /// Goes on from where the last look ended.
    fn go_on(&mut self, pack: &[u8], at: &mut usize) -> Result<(), Stop> {
        let bytes = pack.get(*at..).ok_or(Stop::More)?;
        let before = self.inflate.total_in();
        let text = &mut self.object.text;
        let status = self.inflate.decompress_vec(bytes, text, FlushDecompress::None).map_err(|_| Stop::Over)?;
        let used = usize::try_from(self.inflate.total_in() - before).map_err(|_| Stop::Over)?;
        *at += used;
        match status {
            Status::StreamEnd if text.len() == self.size => Ok(()),
            // There was room for all that there may be.
            Status::Ok | Status::BufError if used == bytes.len() && text.len() <= self.size => Err(Stop::More),
            _ => Err(Stop::Over),
        }
    }
}

/// Whether these are the first bytes of a pack.
pub fn is_pack(head: &[u8]) -> bool {
    head.get(..8).is_some_and(|head| head[..4] == *b"PACK" && head[4..7] == [0; 3] && matches!(head[7], 2 | 3))
}
