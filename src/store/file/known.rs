//! What an agent knows of the sealed file since it read it: where each account's record lies, and where the file ended.
//! It counts only as long as the file has the same identity and is sealed with the same key; what others added is read
//! on from there, and a file that somebody replaced is read anew.

use std::ops::Range;

use super::super::index::Index;
use super::super::seal::Seal;
use super::super::sealed_file::{Content, Seen};
use super::super::{Revision, StoreError};
use super::FileStore;
use crate::base::AccountKey;

/// The file as it was read last.
pub(super) struct Known {
    pub(super) seen: Seen,
    /// The name of the key that it is sealed with.
    key: String,
    pub(super) index: Index,
}

/// The file is written anew when it is this many times as large as its current records and has at least [`ALWAYS`]
/// bytes. That is rare enough to cost each change little, and often enough that reading the file stays quick.
pub(super) const SLACK: u64 = 3;
pub(super) const ALWAYS: u64 = 64 * 1024;

impl FileStore {
    /// Brings `known` up to date with the file; `None` if there never was a file.
    pub(super) fn refresh(&mut self) -> Result<Option<(Seal, &mut Known)>, StoreError> {
        if let Some(seal) = self.caught_up()? {
            return Ok(self.known.as_mut().map(|known| (seal, known)));
        }
        match self.file.read::<Index>()? {
            Some(content) => {
                let (seal, known) = self.know(content);
                known.map(|known| Some((seal, known))).ok_or(StoreError::NotKept)
            }
            None => Ok(None),
        }
    }

    /// Reads what was added to the known file; `None` if it is another file by now.
    pub(super) fn caught_up(&mut self) -> Result<Option<Seal>, StoreError> {
        let Some(known) = &mut self.known else { return Ok(None) };
        let Some(seal) = self.file.key.seal_named(&known.key)? else { return Ok(None) };
        match self.file.read_on(&known.seen, &seal, &mut known.index) {
            Ok(Some(seen)) => {
                known.seen = seen;
                Ok(Some(seal))
            }
            Ok(None) | Err(_) => {
                // What was read of it half counts for nothing.
                self.known = None;
                Ok(None)
            }
        }
    }

    /// The revision of the account's record in the known file.
    pub(super) fn revision(&self, account: &AccountKey) -> Result<Option<Revision>, StoreError> {
        let Some(known) = &self.known else { return Ok(None) };
        let Some(at) = known.index.places.get(account) else { return Ok(None) };
        let sealed = self.file.record_at(&known.seen, at)?.ok_or_else(|| self.file.damaged())?;
        Ok(Some(sealed.revision()))
    }

    /// Fails with [`StoreError::Raced`] unless each of these accounts still has this revision, or no record where none
    /// is named.
    pub(super) fn check<'c>(
        &self,
        expected: impl Iterator<Item = (&'c AccountKey, Option<&'c Revision>)>,
    ) -> Result<(), StoreError> {
        for (account, revision) in expected {
            if self.revision(account)?.as_ref() != revision {
                return Err(StoreError::Raced);
            }
        }
        Ok(())
    }

    pub(super) fn know(&mut self, content: Content<Index>) -> (Seal, Option<&mut Known>) {
        let Content { seal, read: index, seen } = content;
        self.known = seen.map(|seen| Known { seen, key: seal.id().to_owned(), index });
        (seal, self.known.as_mut())
    }
}

impl Known {
    /// Where the records of these accounts are, as far as there are any.
    pub(super) fn places(&self, accounts: &[AccountKey]) -> Vec<(AccountKey, Range<u64>)> {
        let place = |account: &AccountKey| Some((account.clone(), self.index.places.get(account)?.clone()));
        accounts.iter().filter_map(place).collect()
    }

    /// Whether it is time to write the file anew, because most of it was replaced.
    pub(super) fn is_due(&self) -> bool {
        self.seen.end.at > SLACK * self.index.live + ALWAYS
    }
}
