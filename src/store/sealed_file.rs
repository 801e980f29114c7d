//! The sealed file on the disk: `credentials.json`.
//!
//! It has a head with a version and the id of its key, and lines that each add records: a change costs what changes,
//! however much is kept. A record is a label in clear (server, user, kind, dates, refused) and the credential sealed
//! with XChaCha20-Poly1305, the label as associated data: no secret can be put under another's label. Each line is
//! sealed with its number and the seal of the line before it, and the head names the last two, so that a missing, moved
//! or cut line shows (`journal.rs` says why two, and what a power cut can leave). A line is on the disk before it is
//! acknowledged; the head is written behind it and not waited for. Once most of the file is what others took the place
//! of, and whenever something is removed, it is written anew and takes the old one's place in one step. An older copy
//! of the whole file is not noticed.
//!
//! `credentials.json.previous` follows the file, in case the disk spoils it – after an update from the first form once
//! the file is written anew –, and is written first when something is removed, so that the copy does not keep what is
//! gone.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::envelope::{self, Body, EnvelopeError, SealedRecord};
use super::journal::{self, Added};
use super::journal_head::{self, End};
use super::latest::Latest;
use super::legacy::LegacyRecord;
use super::seal::Seal;
use super::{LegacyKey, StoreError, StoreKey, label, takeover};
use crate::base::private_file::PrivateFileError;
use crate::base::{Paths, ServerUrl, Stamp, private_file};
use crate::os::file::{FileFacts, FileId, read_exact_at};

/// The sealed file `credentials.json` on the disk, with its key, its lock and the copy of it, in case the disk spoils
/// it.
pub(super) struct SealedFile {
    pub(super) path: PathBuf,
    pub(super) copy: PathBuf,
    pub(super) key: StoreKey,
    lock_path: PathBuf,
    dirs: [PathBuf; 2],
}

/// Takes in the records of the file one by one. A later record of an account replaces an earlier one.
pub(super) trait Reader: Default {
    fn take(&mut self, seal: &Seal, found: FoundRecord) -> Option<()>;
}

/// A record where it was found.
pub(super) struct FoundRecord {
    pub(super) record: SealedRecord,
    /// Whether an older Loom wrote it, and nobody has named its server yet.
    pub(super) is_unclaimed: bool,
    pub(super) at: Range<u64>,
}

/// The content of the file, as one look found it.
pub(super) struct Content<R> {
    pub(super) seal: Seal,
    pub(super) read: R,
    /// Which file it was and where it ended; `None` for the first form, to which nothing can be added.
    pub(super) seen: Option<Seen>,
}

/// A file that was read to its end.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) id: FileId,
    pub(super) stamp: Stamp,
    pub(super) end: End,
}

impl Seen {
    /// Whether this is the same file. The number of a deleted file may be another's by now, but no other line has the
    /// seal of its last line.
    pub(super) fn is_of(&self, file: &File, found: &FileFacts) -> bool {
        let ending = journal::ending(&self.end);
        let mut bytes = vec![0; ending.len()];
        let at = self.end.at.saturating_sub(ending.len() as u64);
        found.id() == self.id && read_exact_at(file, &mut bytes, at).is_ok() && bytes == ending.as_bytes()
    }
}

/// What one look at the file finds.
enum Found<R> {
    /// A sealed file; `None` if there is none and never was one.
    Sealed(Option<Content<R>>),
    /// The clear-text file of an older Loom.
    Legacy(Vec<(LegacyKey, LegacyRecord)>),
}

impl SealedFile {
    pub(super) fn new(paths: &Paths, key: &StoreKey) -> Self {
        SealedFile {
            path: paths.credentials_file(),
            copy: paths.previous_credentials_file(),
            key: key.clone(),
            lock_path: paths.store_lock(),
            dirs: [paths.config_dir().to_owned(), paths.state_dir().to_owned()],
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn copy(&self) -> &Path {
        &self.copy
    }

    pub(super) fn is_copy_whole(&self, seal: &Seal) -> Result<bool, StoreError> {
        Ok(private_file::read(&self.copy)?.is_some_and(|bytes| is_whole(&bytes, seal)))
    }

    pub(super) fn lock(&self) -> Result<File, StoreError> {
        for dir in &self.dirs {
            private_file::private_dir(dir)?;
        }
        Ok(private_file::lock(&self.lock_path)?)
    }

    /// Reads the file without waiting for anybody who writes it. If file and key do not belong together, or the file is
    /// not whole, it is looked at three times before that is an error: a new key or a line may just be coming.
    pub(super) fn look<R: Reader>(&self) -> Result<Option<Content<R>>, StoreError> {
        for dir in &self.dirs {
            private_file::check_dir(dir)?;
        }
        for last in [false, false, true] {
            // The head is changed in place: who reads it at that moment may see half of a change, but not while nobody
            // works.
            let _alone = last.then(|| private_file::try_lock(&self.lock_path));
            match self.find() {
                Ok(Found::Sealed(content)) => {
                    content.iter().for_each(|content| self.finish(&content.seal));
                    return Ok(content);
                }
                Ok(Found::Legacy(_)) => break,
                Err(StoreError::WrongKey { .. } | StoreError::PassphraseNeeded | StoreError::Damaged { .. })
                    if !last => {}
                Err(error) => return Err(error),
            }
        }
        let _lock = self.lock()?;
        self.read()
    }

    /// Puts a waiting key in its place, if it opened the file and nobody is at work there. If that fails it stays where
    /// it is and opens the file from there.
    fn finish(&self, seal: &Seal) {
        if self.key.is_changing()
            && let Ok(Some(_lock)) = private_file::try_lock(&self.lock_path)
        {
            let _ = self.key.settle(seal);
        }
    }

    /// Reads the file for somebody who holds the lock and is about to change it. A file of an older form is taken over
    /// first. `None` if there never was a file: it is made with the first record.
    pub(super) fn read<R: Reader>(&self) -> Result<Option<Content<R>>, StoreError> {
        match self.find::<R>()? {
            Found::Sealed(None) => return Ok(None),
            Found::Sealed(Some(content)) if content.seen.is_some() => return Ok(Some(content)),
            Found::Sealed(Some(_)) => {
                if let Found::Sealed(Some(Content { seal, read, .. })) = self.find::<Latest>()? {
                    self.copy_it()?;
                    self.write(&seal, &read.into_body())?;
                }
            }
            Found::Legacy(old) => {
                let (seal, body) = takeover::convert(&self.key, old)?;
                self.write(&seal, &body)?;
            }
        }
        match self.find()? {
            Found::Sealed(content) => Ok(content),
            Found::Legacy(_) => Err(StoreError::NotKept),
        }
    }

    /// Reads what was added to the file since `seen`. `None` if it is another file, or was changed in another way. The
    /// file is opened for this, so that over a network its present state is seen.
    pub(super) fn read_on<R: Reader>(
        &self,
        seen: &Seen,
        seal: &Seal,
        read: &mut R,
    ) -> Result<Option<Seen>, StoreError> {
        let Some(file) = private_file::open_to_read(&self.path)? else { return Ok(None) };
        let io = |error| PrivateFileError::Io { path: self.path.clone(), error };
        let found = FileFacts::of(&file).map_err(io)?;
        let stamp = Stamp::of_found(&found);
        if stamp == seen.stamp {
            return Ok(Some(seen.clone()));
        }
        if found.size() <= seen.end.at || found.size() > private_file::MAX_SIZE || !seen.is_of(&file, &found) {
            return Ok(None);
        }
        let mut head = vec![0; journal_head::length(seal)];
        read_exact_at(&file, &mut head, 0).map_err(io)?;
        let mut added = vec![0; (found.size() - seen.end.at) as usize];
        read_exact_at(&file, &mut added, seen.end.at).map_err(io)?;
        let mut is_whole = true;
        let end = journal::go_on(&seen.end, &head, &added, seal, &mut |added, at| {
            is_whole &= take(read, seal, added, at).is_some();
        });
        Ok(end.ok().filter(|_| is_whole).map(|end| Seen { id: seen.id, stamp, end }))
    }

    /// Whether a label of the file names an account of one of these origins. Labels stand in clear, so this takes no
    /// key, and so nobody vouches for what it finds.
    pub(super) fn names_any(&self, origins: &[ServerUrl]) -> Result<bool, StoreError> {
        for dir in &self.dirs {
            private_file::check_dir(dir)?;
        }
        match private_file::read(&self.path)? {
            Some(bytes) if envelope::key_id(&bytes).is_some() => {
                Ok(origins.iter().any(|origin| label::names(&bytes, origin)))
            }
            // What an older Loom left there nobody has claimed yet.
            Some(bytes) => envelope::parse_legacy(&bytes).map(|_| false).ok_or_else(|| self.damaged()),
            None => self.absent::<Latest>().map(|_| false),
        }
    }

    /// A record of a file that was read.
    pub(super) fn record_at(&self, seen: &Seen, at: &Range<u64>) -> Result<Option<SealedRecord>, StoreError> {
        let Some(file) = private_file::open_to_read(&self.path)? else { return Ok(None) };
        let io = |error| PrivateFileError::Io { path: self.path.clone(), error };
        if FileId::of(&file).map_err(io)? != seen.id {
            return Ok(None);
        }
        let mut bytes = vec![0; (at.end - at.start) as usize];
        read_exact_at(&file, &mut bytes, at.start).map_err(io)?;
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// Reads the key and the file as they are now, and changes nothing.
    fn find<R: Reader>(&self) -> Result<Found<R>, StoreError> {
        let stamp = Stamp::of(&self.path);
        let Some((bytes, id)) = private_file::read_identified(&self.path)? else { return self.absent() };
        match envelope::parse_legacy(&bytes) {
            // Nothing is what is left of something, where there was something.
            Some(old) if old.is_empty() && !self.left().is_empty() => return Err(self.damaged()),
            Some(old) => return Ok(Found::Legacy(old)),
            None => {}
        }
        let seal = match envelope::key_id(&bytes) {
            Some(id) => self.key.seal_named(&id)?,
            None => None,
        };
        let seal = seal.unwrap_or_else(Seal::of_nobody);
        match read_all(&bytes, &seal) {
            Ok((read, end)) => {
                self.key.note_use();
                let seen = end.map(|end| Seen { id, stamp, end });
                Ok(Found::Sealed(Some(Content { seal, read, seen })))
            }
            Err(EnvelopeError::WrongKey) => Err(self.wrong_key()),
            Err(EnvelopeError::Newer) => Err(StoreError::Newer { path: self.path.clone() }),
            Err(EnvelopeError::Damaged) => Err(self.damaged()),
        }
    }

    /// What it means that there is no file: nothing is kept, or, if there was one, an error.
    fn absent<R: Reader>(&self) -> Result<Found<R>, StoreError> {
        let left = self.left();
        if left.is_empty() && !self.key.was_used() {
            return Ok(Found::Sealed(None));
        }
        // Somebody may have written the first one meanwhile.
        if private_file::is_there(&self.path) {
            return self.find();
        }
        let restorable = left.contains(&self.copy) || self.key.was_used();
        Err(StoreError::Missing { path: self.path.clone(), left, restorable })
    }

    /// The files that show that there was a sealed file: its key, which gets its place after it, and its copy.
    fn left(&self) -> Vec<PathBuf> {
        let left = [self.key.path(), &self.copy];
        left.into_iter().filter(|path| private_file::is_there(path)).map(Path::to_owned).collect()
    }

    pub(super) fn damaged(&self) -> StoreError {
        StoreError::Damaged { path: self.path.clone() }
    }

    fn wrong_key(&self) -> StoreError {
        StoreError::WrongKey { path: self.path.clone(), key: self.key.path().to_owned() }
    }
}

/// Whether these bytes are a file that was sealed with this key.
pub(super) fn is_whole(bytes: &[u8], seal: &Seal) -> bool {
    read_all::<Latest>(bytes, seal).is_ok()
}

/// Reads the bytes of a file of either form.
fn read_all<R: Reader>(bytes: &[u8], seal: &Seal) -> Result<(R, Option<End>), EnvelopeError> {
    let (mut read, mut is_whole) = (R::default(), true);
    let end = if journal_head::has_head(bytes) {
        Some(journal::read(bytes, seal, |added, at| is_whole &= take(&mut read, seal, added, at).is_some())?)
    } else {
        let Body { records, unclaimed } = envelope::open(bytes, seal)?;
        let records = records.into_iter().map(|record| (record, false));
        for (record, is_unclaimed) in records.chain(unclaimed.into_iter().map(|record| (record, true))) {
            is_whole &= read.take(seal, FoundRecord { record, is_unclaimed, at: 0..0 }).is_some();
        }
        None
    };
    if is_whole { Ok((read, end)) } else { Err(EnvelopeError::Damaged) }
}

pub(super) fn take<R: Reader>(read: &mut R, seal: &Seal, added: Added<'_>, at: Range<u64>) -> Option<()> {
    let (raw, is_unclaimed) = match added {
        Added::Record(raw) => (raw, false),
        Added::Unclaimed(raw) => (raw, true),
    };
    let record = serde_json::from_str(raw.get()).ok()?;
    read.take(seal, FoundRecord { record, is_unclaimed, at })
}
