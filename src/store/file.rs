use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::envelope::{self, Body, EnvelopeError, SealedRecord};
use super::legacy::LegacyRecord;
use super::rekey;
use super::seal::Seal;
use super::{CredentialStore, LegacyKey, Record, StoreError, StoreKey};
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
    /// It belongs to the key; or there is none.
    Whole(Option<(Seal, Body)>),
    /// It was sealed with another key than the one in its place, or with one that nobody opened.
    OfOtherKey {
        bytes: Zeroizing<Vec<u8>>,
        error: StoreError,
    },
    Legacy(Vec<(LegacyKey, LegacyRecord)>),
}

/// So often key and file are looked at that do not belong together, before somebody is taken to have been interrupted there.
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

    pub(super) fn lock(&self) -> Result<File, StoreError> {
        for dir in &self.dirs {
            private_file::private_dir(dir)?;
        }
        Ok(private_file::lock(&self.lock_path)?)
    }

    /// What the file holds, for who only looks. It is replaced by renaming, so nobody who writes has to be waited for. Key
    /// and file that do not belong together are looked at again: a new key may come between the two. What nobody finishes is
    /// finished under the lock.
    pub(super) fn look(&self) -> Result<Option<(Seal, Body)>, StoreError> {
        for dir in &self.dirs {
            private_file::check_dir(dir)?;
        }
        let mut reason = None;
        for _ in 0..LOOKS {
            match self.find()? {
                Found::Whole(content) => return Ok(content),
                Found::OfOtherKey { error, .. } => reason = Some(error),
                Found::Legacy(_) => break,
            }
        }
        match reason {
            Some(error) if !self.key.is_changing()? => Err(error),
            Some(_) | None => {
                let _lock = self.lock()?;
                self.read()
            }
        }
    }

    /// The key and what the file holds, for who holds the lock: what was cut short is finished. No file is an empty one; the
    /// key is made with the first record.
    pub(super) fn read(&self) -> Result<Option<(Seal, Body)>, StoreError> {
        match self.find()? {
            Found::Whole(content) => Ok(content),
            Found::Legacy(old) => self.convert(old).map(Some),
            Found::OfOtherKey { bytes, error } => rekey::finish(self, &bytes)?.map(Some).ok_or(error),
        }
    }

    /// Key and file as they are at this moment; changes nothing.
    fn find(&self) -> Result<Found, StoreError> {
        let Some(bytes) = private_file::read(&self.path)? else { return Ok(Found::Whole(None)) };
        if let Some(old) = envelope::parse_legacy(&bytes) {
            return Ok(Found::Legacy(old));
        }
        let error = match self.key.seal() {
            Ok(Some(seal)) => match envelope::open(&bytes, &seal) {
                Ok(body) => return Ok(Found::Whole(Some((seal, body)))),
                Err(EnvelopeError::WrongKey) => self.wrong_key(),
                Err(EnvelopeError::Newer) => return Err(StoreError::Newer { path: self.path.clone() }),
                Err(EnvelopeError::Damaged) => return Err(StoreError::Damaged { path: self.path.clone() }),
            },
            Ok(None) => self.wrong_key(),
            Err(StoreError::PassphraseNeeded) => StoreError::PassphraseNeeded,
            Err(error) => return Err(error),
        };
        Ok(Found::OfOtherKey { bytes, error })
    }

    fn wrong_key(&self) -> StoreError {
        StoreError::WrongKey { path: self.path.clone(), key: self.key.path().to_owned() }
    }

    fn seal(&self) -> Result<Seal, StoreError> {
        match self.key.seal()? {
            Some(seal) => Ok(seal),
            None => self.key.create(),
        }
    }

    pub(super) fn write(&self, seal: &Seal, body: &Body) -> Result<(), StoreError> {
        Ok(private_file::replace(&self.path, &envelope::close(body, seal)?)?)
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
        let seal = self.seal()?;
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
        private_file::replace(&self.path, &sealed)?;
        Ok((seal, body))
    }

    /// Takes sealed records out; a file that is not there is not made for it.
    fn take_out(
        &self,
        list: fn(&mut Body) -> &mut Vec<SealedRecord>,
        gone: impl Fn(&SealedRecord) -> bool,
    ) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let Some((seal, mut body)) = self.read()? else { return Ok(()) };
        let records = list(&mut body);
        let before = records.len();
        records.retain(|sealed| !gone(sealed));
        match records.len() < before {
            true => {
                let bytes = envelope::close(&body, &seal)?;
                // What was logged out does not stay behind in the copy. First, so that a failure changes nothing.
                private_file::replace(&self.previous, &bytes)?;
                Ok(private_file::replace(&self.path, &bytes)?)
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
        let Some((seal, body)) = self.look()? else { return Ok(Vec::new()) };
        let open = |sealed: &SealedRecord| {
            let label: Label = sealed.label()?;
            Some(Record::from_parts(label.account, [label.created, label.saved], label.refused, sealed.open(&seal)?))
        };
        let damaged = || StoreError::Damaged { path: self.path.clone() };
        body.records.iter().map(|sealed| open(sealed).ok_or_else(damaged)).collect()
    }

    fn put(&mut self, record: &Record) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let (seal, mut body) = match self.read()? {
            Some(found) => found,
            None => (self.seal()?, Body::default()),
        };
        body.records.retain(|sealed| !is_of(sealed, record.account()));
        body.records.push(seal_record(&seal, record)?);
        self.keep_previous()?;
        self.write(&seal, &body)
    }

    fn remove(&mut self, account: &AccountKey) -> Result<(), StoreError> {
        self.take_out(|body| &mut body.records, |sealed| is_of(sealed, account))
    }

    fn legacy_keys(&mut self) -> Result<Vec<LegacyKey>, StoreError> {
        let Some((_, body)) = self.look()? else { return Ok(Vec::new()) };
        let label = |sealed: &SealedRecord| LegacyKey::parse(&sealed.label::<LegacyLabel>()?.key);
        Ok(body.unclaimed.iter().filter_map(label).collect())
    }

    fn legacy(&mut self, key: &LegacyKey) -> Result<Option<Credential>, StoreError> {
        let Some((seal, body)) = self.look()? else { return Ok(None) };
        Ok(body.unclaimed.iter().find(|sealed| is_legacy(sealed, key)).and_then(|sealed| sealed.open(&seal)))
    }

    fn remove_legacy(&mut self, key: &LegacyKey) -> Result<(), StoreError> {
        self.take_out(|body| &mut body.unclaimed, |sealed| is_legacy(sealed, key))
    }
}

fn seal_record(seal: &Seal, record: &Record) -> Result<SealedRecord, StoreError> {
    let label = Label {
        account: record.account().clone(),
        kind: record.credential().kind(),
        created: record.created(),
        saved: record.saved(),
        refused: record.refused(),
    };
    SealedRecord::seal(seal, &label, record.credential())
}

fn is_of(sealed: &SealedRecord, account: &AccountKey) -> bool {
    sealed.label::<Label>().is_some_and(|label| label.account == *account)
}

fn is_legacy(sealed: &SealedRecord, key: &LegacyKey) -> bool {
    sealed.label::<LegacyLabel>().is_some_and(|label| label.key == key.as_str())
}
