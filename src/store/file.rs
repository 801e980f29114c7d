use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::envelope::{self, Body, EnvelopeError, SealedRecord};
use super::legacy::LegacyRecord;
use super::seal::Seal;
use super::{CredentialStore, LegacyKey, Protection, Record, StoreError, StoreKey};
use crate::base::{AccountKey, Credential, Kind, Paths, private_file};
use crate::wire::StoredIn;

/// The sealed file `credentials.json`: every change reads it anew under a lock, so that several agents can share it.
pub(super) struct FileStore {
    path: PathBuf,
    /// What the file was before its last change.
    previous: PathBuf,
    pub(super) key: StoreKey,
    lock_path: PathBuf,
    dirs: [PathBuf; 2],
}

/// What stands in clear beside a sealed record, and is authenticated with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    pub(super) account: AccountKey,
    kind: Kind,
    created: Timestamp,
    pub(super) saved: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
}

/// The same for a record of an older Loom whose server is not certain yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegacyLabel {
    pub(super) key: String,
}

/// The file as one look finds it.
enum Found {
    /// Nothing if there never was one.
    Sealed(Option<(Seal, Body)>),
    Legacy(Vec<(LegacyKey, LegacyRecord)>),
}

/// So often key and file are looked at that do not belong together, before that is what is said.
const LOOKS: usize = 3;

impl FileStore {
    pub(super) fn new(paths: &Paths, key: &StoreKey) -> Self {
        FileStore {
            path: paths.credentials_file(),
            previous: paths.previous_credentials_file(),
            key: key.clone(),
            lock_path: paths.store_lock(),
            dirs: [paths.config_dir().to_owned(), paths.state_dir().to_owned()],
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn previous(&self) -> &Path {
        &self.previous
    }

    pub(super) fn is_previous_whole(&self, seal: &Seal) -> Result<bool, StoreError> {
        Ok(private_file::read(&self.previous)?.is_some_and(|bytes| envelope::open(&bytes, seal).is_ok()))
    }

    pub(super) fn lock(&self) -> Result<File, StoreError> {
        for dir in &self.dirs {
            private_file::private_dir(dir)?;
        }
        Ok(private_file::lock(&self.lock_path)?)
    }

    /// What the file holds, for who only looks. It is replaced by renaming, so nobody who writes has to be waited for. Key
    /// and file that do not belong together are looked at again: a new key may have come between the two.
    pub(super) fn look(&self) -> Result<Option<(Seal, Body)>, StoreError> {
        for dir in &self.dirs {
            private_file::check_dir(dir)?;
        }
        let mut looks = 1;
        loop {
            match self.find() {
                Ok(Found::Sealed(content)) => {
                    content.iter().for_each(|(seal, _)| self.finish(seal));
                    return Ok(content);
                }
                Ok(Found::Legacy(_)) => {
                    let _lock = self.lock()?;
                    return self.read();
                }
                Err(StoreError::WrongKey { .. } | StoreError::PassphraseNeeded) if looks < LOOKS => looks += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts a key that waits in its place, if it opened the file and nobody is at work there. If that fails it goes on
    /// waiting, where it opens the file as well.
    fn finish(&self, seal: &Seal) {
        if self.key.is_changing()
            && let Ok(Some(_lock)) = private_file::try_lock(&self.lock_path)
        {
            let _ = self.key.settle(seal);
        }
    }

    /// The same for who holds the lock and is about to change it; an older Loom's file is taken over. Nothing if there never
    /// was a file: it is made with the first record.
    pub(super) fn read(&self) -> Result<Option<(Seal, Body)>, StoreError> {
        match self.find()? {
            Found::Sealed(content) => Ok(content),
            Found::Legacy(old) => self.convert(old).map(Some),
        }
    }

    /// Key and file as they are at this moment; changes nothing.
    fn find(&self) -> Result<Found, StoreError> {
        let Some(bytes) = private_file::read(&self.path)? else { return self.absent() };
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
        match envelope::open(&bytes, &seal) {
            Ok(body) => {
                self.key.note_use();
                Ok(Found::Sealed(Some((seal, body))))
            }
            Err(EnvelopeError::WrongKey) => Err(self.wrong_key()),
            Err(EnvelopeError::Newer) => Err(StoreError::Newer { path: self.path.clone() }),
            Err(EnvelopeError::Damaged) => Err(self.damaged()),
        }
    }

    /// No file is an empty one, if there never was another.
    fn absent(&self) -> Result<Found, StoreError> {
        let left = self.left();
        if left.is_empty() && !self.key.was_used() {
            return Ok(Found::Sealed(None));
        }
        // Somebody may have written the first one meanwhile.
        if private_file::is_there(&self.path) {
            return self.find();
        }
        let restorable = left.contains(&self.previous) || self.key.was_used();
        Err(StoreError::Missing { path: self.path.clone(), left, restorable })
    }

    /// What says that there was a file: its key, which takes its place after it, and the copy of what it was.
    fn left(&self) -> Vec<PathBuf> {
        let left = [self.key.path(), &self.previous];
        left.into_iter().filter(|path| private_file::is_there(path)).map(Path::to_owned).collect()
    }

    pub(super) fn damaged(&self) -> StoreError {
        StoreError::Damaged { path: self.path.clone() }
    }

    fn wrong_key(&self) -> StoreError {
        StoreError::WrongKey { path: self.path.clone(), key: self.key.path().to_owned() }
    }

    pub(super) fn write(&self, seal: &Seal, body: &Body) -> Result<(), StoreError> {
        self.put_in_place(seal, &envelope::close(body, seal)?)
    }

    /// The file gets its place; then its key, if it waited for it, gets its own.
    fn put_in_place(&self, seal: &Seal, bytes: &[u8]) -> Result<(), StoreError> {
        private_file::replace(&self.path, bytes)?;
        self.key.note_use();
        self.key.settle(seal)
    }

    /// Keeps what the file is before it changes, in case the disk spoils it.
    pub(super) fn keep_previous(&self) -> Result<(), StoreError> {
        match private_file::read(&self.path)? {
            Some(bytes) => Ok(private_file::replace(&self.previous, &bytes)?),
            None => Ok(()),
        }
    }

    /// Takes over an older Loom's clear-text file. It is replaced only after the sealed form was read back and opened;
    /// the caller holds the lock.
    fn convert(&self, old: Vec<(LegacyKey, LegacyRecord)>) -> Result<(Seal, Body), StoreError> {
        let seal = match self.key.seal()? {
            Some(seal) => seal,
            None => self.key.create(&Protection::KeyFile)?,
        };
        let mut body = Body::default();
        for (key, record) in old {
            let credential = record.into_credential();
            match key.sole_reading() {
                Some(server) => {
                    body.records.push(seal_record(&seal, &Record::new(AccountKey::new(server, None), credential))?);
                }
                None => body.unclaimed.push(SealedRecord::seal(
                    &seal,
                    &LegacyLabel { key: key.as_str().to_owned() },
                    &credential,
                )?),
            }
        }
        let sealed = envelope::close(&body, &seal)?;
        let back = envelope::open(&sealed, &seal).map_err(|_| StoreError::NotKept)?;
        let whole = back.records.iter().chain(&back.unclaimed).all(|record| record.open::<Credential>(&seal).is_some());
        if !whole || (back.records.len(), back.unclaimed.len()) != (body.records.len(), body.unclaimed.len()) {
            return Err(StoreError::NotKept);
        }
        self.put_in_place(&seal, &sealed)?;
        Ok((seal, body))
    }

    /// The records whose labels are wanted. Only these are opened.
    fn records(
        &self,
        content: Option<(Seal, Body)>,
        is_wanted: impl Fn(&Label) -> bool,
    ) -> Result<Vec<Record>, StoreError> {
        let Some((seal, body)) = content else { return Ok(Vec::new()) };
        let mut records = Vec::new();
        for sealed in &body.records {
            let label: Label = sealed.label().ok_or_else(|| self.damaged())?;
            if is_wanted(&label) {
                let credential = sealed.open(&seal).ok_or_else(|| self.damaged())?;
                let times = [label.created, label.saved];
                records.push(Record::from_parts(label.account, times, label.refused, credential));
            }
        }
        Ok(records)
    }

    /// Takes sealed records out; a file that is not there is not made for it. The caller holds the lock.
    fn take_out(
        &self,
        list: fn(&mut Body) -> &mut Vec<SealedRecord>,
        gone: impl Fn(&SealedRecord) -> bool,
    ) -> Result<(), StoreError> {
        let Some((seal, mut body)) = self.read()? else { return Ok(()) };
        let records = list(&mut body);
        let before = records.len();
        records.retain(|sealed| !gone(sealed));
        match records.len() < before {
            true => {
                let bytes = envelope::close(&body, &seal)?;
                // What was logged out does not stay behind in the copy. First, so that a failure changes nothing. Where there
                // is no room for both, the copy makes room for the file.
                if let Err(no_room) = private_file::replace(&self.previous, &bytes) {
                    private_file::remove(&self.previous).map_err(|_| no_room)?;
                }
                self.put_in_place(&seal, &bytes)
            }
            false => Ok(()),
        }
    }
}

impl CredentialStore for FileStore {
    fn stored_in(&self) -> StoredIn {
        StoredIn::File
    }

    fn load(&mut self) -> Result<Vec<Record>, StoreError> {
        self.records(self.look()?, |_| true)
    }

    fn find(&mut self, accounts: &[AccountKey]) -> Result<Vec<Record>, StoreError> {
        let wanted: HashSet<&AccountKey> = accounts.iter().collect();
        self.records(self.read()?, |label| wanted.contains(&label.account))
    }

    fn put(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let (seal, mut body) = match self.read()? {
            Some(found) => found,
            None => (self.key.create(&Protection::KeyFile)?, Body::default()),
        };
        let replaced: HashSet<&AccountKey> = records.iter().map(Record::account).collect();
        body.records.retain(|sealed| !is_of(sealed, &replaced));
        for record in records {
            body.records.push(seal_record(&seal, record)?);
        }
        self.keep_previous()?;
        self.write(&seal, &body)
    }

    fn remove(&mut self, accounts: &[AccountKey]) -> Result<(), StoreError> {
        let gone: HashSet<&AccountKey> = accounts.iter().collect();
        self.take_out(|body| &mut body.records, |sealed| is_of(sealed, &gone))
    }

    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>, StoreError> {
        let Some((_, body)) = self.look()? else { return Ok(Vec::new()) };
        let label = |sealed: &SealedRecord| LegacyKey::parse(&sealed.label::<LegacyLabel>()?.key);
        Ok(body.unclaimed.iter().filter_map(label).collect())
    }

    fn legacy(&mut self, key: &LegacyKey) -> Result<Option<Credential>, StoreError> {
        let Some((seal, body)) = self.read()? else { return Ok(None) };
        Ok(body.unclaimed.iter().find(|sealed| is_legacy(sealed, key)).and_then(|sealed| sealed.open(&seal)))
    }

    fn remove_legacy(&mut self, key: &LegacyKey) -> Result<(), StoreError> {
        self.take_out(|body| &mut body.unclaimed, |sealed| is_legacy(sealed, key))
    }
}

pub(super) fn seal_record(seal: &Seal, record: &Record) -> Result<SealedRecord, StoreError> {
    let label = Label {
        account: record.account().clone(),
        kind: record.credential().kind(),
        created: record.created(),
        saved: record.saved(),
        refused: record.refused(),
    };
    SealedRecord::seal(seal, &label, record.credential())
}

fn is_of(sealed: &SealedRecord, accounts: &HashSet<&AccountKey>) -> bool {
    sealed.label::<Label>().is_some_and(|label| accounts.contains(&label.account))
}

fn is_legacy(sealed: &SealedRecord, key: &LegacyKey) -> bool {
    sealed.label::<LegacyLabel>().is_some_and(|label| label.key == key.as_str())
}
