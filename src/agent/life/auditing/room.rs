//! Room in the log that is taken before something is done: of many who ask at once no more do it than can be noted.

use std::sync::Mutex;

use super::bounds::Bounds;
use super::kind::Kind;
use super::who::Author;
use crate::base::lock;

/// Held by whoever is about to do it. What was not done gives it back.
pub(crate) struct Room<'a> {
    bounds: &'a Mutex<Bounds>,
    author: Author,
    kind: Kind,
    is_used: bool,
}

/// Whether the allowance was taken from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    Yes,
    No,
}

impl<'a> Room<'a> {
    pub(super) fn new(bounds: &'a Mutex<Bounds>, author: Author, kind: Kind) -> Room<'a> {
        Room { bounds, author, kind, is_used: false }
    }

    /// One entry takes it up, if it is of them and of what it is for.
    pub(super) fn used_by(&mut self, author: &Author, kind: Kind) -> Reserved {
        if self.is_used || self.author != *author || self.kind != kind {
            return Reserved::No;
        }
        self.is_used = true;
        Reserved::Yes
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            lock(self.bounds).give_back(&self.author, self.kind);
        }
    }
}
