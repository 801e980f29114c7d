//! How the sealed file is changed on the disk: written anew, or added to. The caller holds the lock.
//!
//! Every change takes a lock on `store.lock`, reads the file anew, writes a temporary file (0600 from birth) in the
//! same directory, syncs it, renames it over the old one and syncs the directory. At every instant the old or the new
//! content is there. The temporary file is locked while it is written; one that nobody has locked was left by a crash,
//! and the next writer removes it. Who reads takes no lock, since a file that is replaced by renaming is whole at every
//! instant; key and file that do not belong together are looked at again, and only what nobody finishes is finished
//! under the lock. Whoever waits for a lock waits five seconds, then says which process holds it (`lock_holder`).

use std::path::Path;

use super::envelope::{Body, SealedRecord};
use super::seal::Seal;
use super::sealed_file::{Reader, SealedFile, Seen, take};
use super::{StoreError, journal, journal_head};
use crate::base::private_file::PrivateFileError;
use crate::base::{Stamp, private_file};
use crate::os::file::{FileFacts, read_at, write_all_at};

impl SealedFile {
    /// Writes the whole file anew; the caller holds the lock.
    pub(super) fn write(&self, seal: &Seal, body: &Body) -> Result<(), StoreError> {
        self.put_in_place(seal, &journal::print(body, seal)?)
    }

    /// Writes the whole file anew after records were removed, and the copy with it, so that they do not stay behind
    /// there. The copy is written first, so that a failure changes nothing. If the disk has no room for both, the copy
    /// makes room for the file.
    pub(super) fn write_without(&self, seal: &Seal, body: &Body) -> Result<(), StoreError> {
        let bytes = journal::print(body, seal)?;
        if let Err(no_room) = private_file::replace(&self.copy, &bytes) {
            private_file::remove(&self.copy).map_err(|_| no_room)?;
        }
        self.put_in_place(seal, &bytes)
    }

    /// Adds records to a file that was read to its end; the caller holds the lock. `None` if it is another file by now.
    /// When this returns they are on the disk, and `read` has them; on failure the file is as it was.
    pub(super) fn add<R: Reader>(
        &self,
        seen: &Seen,
        seal: &Seal,
        records: &[SealedRecord],
        read: &mut R,
    ) -> Result<Option<Seen>, StoreError> {
        // Where no file can be made the whole could not be written anew when that is due: that is said now, not then.
        private_file::check_writable(self.path.parent().unwrap_or(Path::new("/")))?;
        let (line, end) = journal::line(&seen.end, records, &[], seal)?;
        if end.at > private_file::MAX_SIZE {
            return Err(PrivateFileError::TooLarge { path: self.path.clone() }.into());
        }
        let io = |error| PrivateFileError::Io { path: self.path.clone(), error };
        let file = private_file::open_to_change(&self.path)?;
        if !seen.is_of(&file, &FileFacts::of(&file).map_err(io)?) {
            return Ok(None);
        }
        // What a crash left unfinished goes first.
        file.set_len(seen.end.at).map_err(io)?;
        let written = write_all_at(&file, &line, seen.end.at).and_then(|()| file.sync_data());
        if let Err(error) = written {
            let _ = file.set_len(seen.end.at);
            return Err(io(error).into());
        }
        // Not before the line is on the disk: the head names nothing that is not there.
        let (at, place) = journal_head::place(&end, seal.id());
        let _ = write_all_at(&file, place.as_bytes(), at);
        self.copy_added(seen.end.at, &line);
        journal::read_line(&line, &seen.end, seal, &mut |added, at| {
            let _ = take(read, seal, added, at);
        });
        let stamp = Stamp::of_found(&FileFacts::of(&file).map_err(io)?);
        Ok(Some(Seen { id: seen.id, stamp, end }))
    }

    /// Makes the copy equal to the file, in case the disk damages the file.
    pub(super) fn copy_it(&self) -> Result<(), StoreError> {
        match private_file::read(&self.path)? {
            Some(bytes) => Ok(private_file::replace(&self.copy, &bytes)?),
            None => Ok(()),
        }
    }

    /// Adds these bytes to the copy too. Nobody waits for this: the file itself is on the disk.
    fn copy_added(&self, at: u64, added: &[u8]) {
        let Ok(copy) = private_file::open_to_change(&self.copy) else {
            let _ = self.copy_it();
            return;
        };
        let mut beginning = [0; 256];
        let read = read_at(&copy, &mut beginning, 0).unwrap_or_default();
        let is_the_same = copy.metadata().is_ok_and(|found| found.len() == at);
        match journal_head::has_head(&beginning[..read]) {
            true if is_the_same && write_all_at(&copy, added, at).is_ok() => {}
            true => drop(self.copy_it()),
            // What was taken over stays until the file is written anew.
            false => {}
        }
    }

    /// Puts the new file in its place, and then its key, if that waited for it.
    fn put_in_place(&self, seal: &Seal, bytes: &[u8]) -> Result<(), StoreError> {
        private_file::replace(&self.path, bytes)?;
        self.key.note_use();
        self.key.settle(seal)
    }
}
