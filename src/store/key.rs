use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::StoreError;
use super::passphrase::LockedKey;
use super::seal::{KEY_BYTES, Seal};
use crate::base::{Paths, Secret, private_file};
use crate::msg;

/// The key of the sealed file: where it lies and, if only a passphrase opens it, the key itself for as long as the agent
/// is unlocked. Clones share it.
#[derive(Clone)]
pub struct StoreKey {
    path: PathBuf,
    /// The key that is about to take its place.
    new_path: PathBuf,
    opened: Arc<Mutex<Vec<Opened>>>,
}

/// What keeps the key of the sealed file from others.
#[derive(Clone)]
pub enum Protection {
    /// The mode of the key file, and nothing else.
    KeyFile,
    Passphrase(Secret),
}

/// A key file that a passphrase opened, as it was then: one that was replaced since has to be opened anew.
struct Opened {
    text: Zeroizing<Vec<u8>>,
    seal: Seal,
}

impl StoreKey {
    pub fn new(paths: &Paths) -> StoreKey {
        StoreKey { path: paths.key_file(), new_path: paths.new_key_file(), opened: Arc::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a passphrase was set.
    pub fn has_passphrase(&self) -> Result<bool, StoreError> {
        Ok(private_file::read(&self.path)?.is_some_and(|text| LockedKey::parse(&text).is_some()))
    }

    /// Whether a passphrase has to be given before anything is opened. Takes no key into its hands: whoever asks may have
    /// a stack that lives as long as the agent.
    pub fn needs_passphrase(&self) -> Result<bool, StoreError> {
        let Some(text) = private_file::read(&self.path)? else { return Ok(false) };
        Ok(LockedKey::parse(&text).is_some() && !self.opened().iter().any(|opened| opened.text == text))
    }

    /// Opens the key with the passphrase. Takes a good part of a second, whatever comes of it.
    pub fn unlock(&self, passphrase: &Secret) -> Result<(), StoreError> {
        let mut opened = Vec::new();
        // A new passphrase that was being set when the machine went down may be the one that counts.
        for path in [&self.path, &self.new_path] {
            let Some(text) = private_file::read(path)? else { continue };
            if let Some(key) = LockedKey::parse(&text).and_then(|locked| locked.open(passphrase)) {
                opened.push(Opened { text, seal: Seal::new(&key) });
            }
        }
        if opened.is_empty() {
            return Err(StoreError::WrongPassphrase);
        }
        *self.opened() = opened;
        Ok(())
    }

    /// Forgets what a passphrase opened.
    pub fn lock(&self) {
        self.opened().clear();
    }

    /// The key; `None` if there is none yet.
    pub(super) fn seal(&self) -> Result<Option<Seal>, StoreError> {
        self.read(&self.path)
    }

    /// The key that is about to take its place, if somebody was interrupted there.
    pub(super) fn new_seal(&self) -> Result<Option<Seal>, StoreError> {
        self.read(&self.new_path)
    }

    /// Whether another key is about to take its place, or was when somebody was interrupted.
    pub(super) fn is_changing(&self) -> Result<bool, StoreError> {
        Ok(private_file::read(&self.new_path)?.is_some())
    }

    /// Makes the first key.
    pub(super) fn create(&self) -> Result<Seal, StoreError> {
        self.make(&self.path, &Protection::KeyFile)
    }

    /// Makes a key that is about to take the place of the one there is. What an attempt that was cut short before it
    /// changed the sealed file left behind opens nothing, and goes.
    pub(super) fn create_new(&self, protection: &Protection) -> Result<Seal, StoreError> {
        private_file::remove(&self.new_path)?;
        self.make(&self.new_path, protection)
    }

    /// Gives the new key the place of the old one.
    pub(super) fn install_new(&self) -> Result<(), StoreError> {
        Ok(private_file::rename(&self.new_path, &self.path)?)
    }

    fn read(&self, path: &Path) -> Result<Option<Seal>, StoreError> {
        let Some(text) = private_file::read(path)? else { return Ok(None) };
        if LockedKey::parse(&text).is_some() {
            let opened = self.opened();
            let found = opened.iter().find(|opened| opened.text == text);
            return found.map(|opened| Some(opened.seal.clone())).ok_or(StoreError::PassphraseNeeded);
        }
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match BASE64.decode_slice(text.strip_suffix(b"\n").unwrap_or(&text), &mut *key) {
            Ok(KEY_BYTES) => Ok(Some(Seal::new(&key))),
            _ => Err(StoreError::Damaged { path: path.to_owned() }),
        }
    }

    /// Writes a new random key where there is none.
    fn make(&self, path: &Path, protection: &Protection) -> Result<Seal, StoreError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *key).map_err(|error| StoreError::Unavailable(msg!("no-random", error = error)))?;
        let seal = Seal::new(&key);
        match protection {
            Protection::KeyFile => {
                let mut text = Zeroizing::new(BASE64.encode(*key));
                text.push('\n');
                private_file::create(path, text.as_bytes())?;
            }
            Protection::Passphrase(passphrase) => {
                let text = Zeroizing::new(LockedKey::new(&key, passphrase)?.print()?);
                private_file::create(path, &text)?;
                self.opened().push(Opened { text, seal: seal.clone() });
            }
        }
        Ok(seal)
    }

    fn opened(&self) -> MutexGuard<'_, Vec<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
