//! Whether a push only adds, shown by the commits at the head of its pack, without a copy of the repository.
//!
//! Git writes commits first. Each is hashed as it comes, and from the new value its parents are followed: where the old
//! value is met among them the new one comes after it. Ids are hashes, and the server compares the old value when it
//! changes the ref, so nobody can make this up. What cannot be read, and what takes too much, is not shown: nothing is
//! admitted by a guess.

use std::collections::{HashMap, HashSet};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use super::commit::parents;
use super::delta::{made, patched};
use super::object_id::{HashKind, ObjectId};
use super::pack_head::{Kind, Object, PackHead, Stop};

/// How many steps from a commit to a parent are gone, for all refs together.
const MAX_STEPS: usize = 250_000;

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
    pack: PackHead,
    /// Commits by where they begin, for those that are written as a difference; and by their ids.
    texts: HashMap<usize, Vec<u8>>,
    offsets: HashMap<ObjectId, usize>,
    /// Where a shallow clone ends: a server may take such a commit for one without parents.
    shallow: HashSet<ObjectId>,
    /// Each id that was met has a number.
    numbers: HashMap<ObjectId, u32>,
    parents: HashMap<u32, Vec<u32>>,
    /// One for each new value, however many refs get it.
    walks: Vec<Walk>,
    /// Which walks wait for a commit that was not there yet.
    waiting: HashMap<u32, Vec<usize>>,
    steps: usize,
}

/// The way down from a new value.
struct Walk {
    reached: HashSet<u32>,
    /// The old values that were not met so far.
    missing: HashSet<u32>,
}

impl Descent {
    /// To be shown for each of these, from its old value to its new one, as pushed by a clone that ends at these.
    pub fn new(
        hash: HashKind,
        pairs: impl IntoIterator<Item = (ObjectId, ObjectId)>,
        shallow: impl IntoIterator<Item = ObjectId>,
    ) -> Descent {
        let mut descent = Descent {
            hash,
            pack: PackHead::new(hash),
            texts: HashMap::new(),
            offsets: HashMap::new(),
            shallow: shallow.into_iter().collect(),
            numbers: HashMap::new(),
            parents: HashMap::new(),
            walks: Vec::new(),
            waiting: HashMap::new(),
            steps: 0,
        };
        let mut walk_of = HashMap::new();
        for (old, new) in pairs.into_iter().filter(|(old, new)| old != new) {
            let (old, new) = (descent.number(old), descent.number(new));
            let walk = *walk_of.entry(new).or_insert_with(|| {
                descent.walks.push(Walk { reached: HashSet::from([new]), missing: HashSet::new() });
                descent.walks.len() - 1
            });
            descent.waiting.entry(new).or_insert_with(|| vec![walk]);
            descent.walks[walk].missing.insert(old);
        }
        descent
    }

    /// Looks at what came of the pack so far: all of it, from its beginning.
    pub fn look(&mut self, pack: &[u8]) -> Shown {
        loop {
            if self.walks.iter().all(|walk| walk.missing.is_empty()) {
                return Shown::Yes;
            }
            match self.pack.next(pack) {
                Ok(object) => match self.take(object) {
                    Some(()) => {}
                    None => return Shown::No,
                },
                Err(Stop::More) => return Shown::NotYet,
                Err(Stop::Over) => return Shown::No,
            }
        }
    }

    /// Notes a commit; `None` if it is none, or nothing more can be shown.
    fn take(&mut self, object: Object) -> Option<()> {
        let base = match object.kind {
            // Tags stand among commits.
            Kind::Tag => return Some(()),
            Kind::Commit => None,
            Kind::After(base) => Some(base),
            Kind::AfterNamed(base) => Some(*self.offsets.get(&base)?),
        };
        let text = match base {
            None => object.text,
            Some(base) => {
                self.pack.spend(made(&object.text)?)?;
                patched(self.texts.get(&base)?, &object.text)?
            }
        };
        let id = self.id(&text)?;
        if self.shallow.contains(&id) {
            return None;
        }
        let parents = parents(&text, self.hash)?;
        self.offsets.insert(id.clone(), object.begin);
        self.texts.insert(object.begin, text);
        let number = self.number(id);
        let parents = parents.into_iter().map(|parent| self.number(parent)).collect();
        self.parents.insert(number, parents);
        for walk in self.waiting.remove(&number).unwrap_or_default() {
            self.follow(walk, number)?;
        }
        Some(())
    }

    /// Goes on from this commit, which the walk has reached, to its parents and theirs.
    fn follow(&mut self, walk: usize, from: u32) -> Option<()> {
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            let Some(parents) = self.parents.get(&at) else {
                self.waiting.entry(at).or_default().push(walk);
                continue;
            };
            self.steps += parents.len();
            if self.steps > MAX_STEPS {
                return None;
            }
            let walk = &mut self.walks[walk];
            for parent in parents {
                walk.missing.remove(parent);
                if walk.reached.insert(*parent) {
                    next.push(*parent);
                }
            }
        }
        Some(())
    }

    fn number(&mut self, id: ObjectId) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(id).or_insert(next)
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
}

#[cfg(test)]
mod tests;
