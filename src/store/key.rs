//! The key of the sealed file: `store.key`.
//!
//! It is 32 random bytes; the file names its key by a hash, so a wrong key and a damaged file are told apart. Neither
//! is ever overwritten.
//!
//! It gets its name only after the file that it seals is on the disk, the first one too. So a key, or a copy of what
//! the file was, without a file is a loss: everybody says so, nothing is written in its place, and a person restores
//! the copy or starts anew. A crash before the first file was there leaves a `store.key.new` that seals nothing, and
//! nothing else. Where key and copy are gone with the file, a running agent still knows that there was one
//! (`StoreKey`), and what it has in memory goes into what a person restores, under the key that a passphrase opened or
//! under a new one; `{}` or nothing in the file is damage, unless there is neither key nor copy, as an older Loom left
//! it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::StoreError;
use super::envelope;
use super::passphrase::LockedKey;
use super::seal::{KEY_BYTES, Seal, new_key};
use crate::base::{Paths, Secret, private_file};

/// The key of the sealed file: where it is, and, if only a passphrase opens it, the opened key for as long as the agent
/// is unlocked. Clones share it.
///
/// A new key waits beside the place of the key until the file that it seals is on the disk. So a key in its place shows
/// that there was such a file, and while one waits the file says which of the two counts.
#[derive(Clone)]
pub struct StoreKey {
    path: PathBuf,
    /// Where a key waits that is about to replace the one at `path`.
    new_path: PathBuf,
    /// The files that name the key they were sealed with: the sealed file, and its copy.
    sealed: [PathBuf; 2],
    opened: Arc<Mutex<Vec<Opened>>>,
    /// Whether the agent has seen a sealed file. From then on its absence is a loss, whatever else is gone with it.
    used: Arc<AtomicBool>,
}

/// What protects the key of the sealed file.
#[derive(Clone)]
pub enum Protection {
    /// Only the permissions of the key file.
    KeyFile,
    /// This passphrase, without which the key file is of no use.
    Passphrase(Secret),
}

/// A key that a passphrase opened, with the text of its key file at that time. If the file was replaced since, it has
/// to be opened anew.
struct Opened {
    text: Zeroizing<Vec<u8>>,
    seal: Seal,
}

impl StoreKey {
    /// The key of these directories. Nothing is read yet.
    pub fn new(paths: &Paths) -> StoreKey {
        let sealed = [paths.credentials_file(), paths.previous_credentials_file()];
        let (path, new_path) = (paths.key_file(), paths.new_key_file());
        StoreKey { path, new_path, sealed, opened: Arc::default(), used: Arc::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn note_use(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    pub(super) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether the key is protected by a passphrase.
    pub fn has_passphrase(&self) -> Result<bool, StoreError> {
        self.about_passphrase(
            |_| true,
            |seal| match seal {
                Ok(Some(seal)) => Some(self.opened().iter().any(|opened| opened.seal.id() == seal.id())),
                Err(StoreError::PassphraseNeeded) => Some(true),
                Ok(None) | Err(_) => None,
            },
        )
    }

    /// Whether a passphrase has to be given before anything can be opened. No key is held in the caller's memory for
    /// this: its stack may live as long as the agent.
    pub fn needs_passphrase(&self) -> Result<bool, StoreError> {
        self.about_passphrase(
            |text| !self.opened().iter().any(|opened| opened.text == *text),
            |seal| Some(matches!(seal, Err(StoreError::PassphraseNeeded))),
        )
    }

    /// Opens the key with the passphrase, which takes a good part of a second whether it is right or wrong.
    pub fn unlock(&self, passphrase: &Secret) -> Result<(), StoreError> {
        let mut opened = Vec::new();
        // A change of the passphrase may have been cut short, before the file was sealed with the new key or after it.
        for path in [&self.new_path, &self.path] {
            let Some(text) = private_file::read(path)? else { continue };
            if let Some(key) = LockedKey::parse(&text).and_then(|locked| locked.open(passphrase)) {
                opened.push(Opened { text, seal: Seal::new(&key) });
            }
        }
        if opened.is_empty() {
            return Err(StoreError::WrongPassphrase);
        }
        let known = std::mem::replace(&mut *self.opened(), opened);
        if self.needs_passphrase()? {
            *self.opened() = known;
            Err(StoreError::OtherPassphrase)
        } else {
            Ok(())
        }
    }

    /// Forgets every key that a passphrase opened.
    pub fn lock(&self) {
        // The list itself too: what it held would lie on in its place.
        *self.opened() = Vec::new();
    }

    /// The key at its place; `None` if there is none.
    pub(super) fn seal(&self) -> Result<Option<Seal>, StoreError> {
        self.read(&self.path)
    }

    /// The key that the sealed file names, or its copy; if neither names one, the key at its place.
    pub(super) fn seal_that_counts(&self) -> Result<Option<Seal>, StoreError> {
        match self.wanted()? {
            Some(id) => self.seal_named(&id),
            None => self.seal(),
        }
    }

    /// The key with this name, at its place or waiting; `None` if neither has it.
    pub(super) fn seal_named(&self, id: &str) -> Result<Option<Seal>, StoreError> {
        // The new one first: while it takes the place of the old one, it is found at one of both.
        let (new, old) = (self.read(&self.new_path), self.read(&self.path));
        match (new, old) {
            (Ok(Some(seal)), _) | (_, Ok(Some(seal))) if seal.id() == id => Ok(Some(seal)),
            (_, Err(error)) if !matches!(error, StoreError::PassphraseNeeded) => Err(error),
            (Err(StoreError::PassphraseNeeded), _) | (_, Err(_)) => Err(StoreError::PassphraseNeeded),
            // One that is damaged was never used.
            (Ok(_) | Err(StoreError::Damaged { .. }), Ok(_)) => Ok(None),
            (Err(error), Ok(_)) => Err(error),
        }
    }

    /// Whether a key waits to replace the present one.
    pub(super) fn is_changing(&self) -> bool {
        private_file::is_there(&self.new_path)
    }

    /// Makes a key that waits for the file that it is to seal. A waiting key of an earlier attempt is removed: the
    /// caller has made sure that no file needs it.
    pub(super) fn create(&self, protection: &Protection) -> Result<Seal, StoreError> {
        private_file::remove(&self.new_path)?;
        self.make(&self.new_path, protection)
    }

    /// Makes a key for a file whose own key is gone. A key that a passphrase opened is put back, so that the same
    /// passphrase opens what is written from now on.
    pub(super) fn revive(&self) -> Result<Seal, StoreError> {
        let opened = self.opened().last().map(|opened| (opened.text.clone(), opened.seal.clone()));
        let Some((text, seal)) = opened else { return self.create(&Protection::KeyFile) };
        private_file::remove(&self.new_path)?;
        private_file::create(&self.new_path, &text)?;
        Ok(seal)
    }

    /// Puts a waiting key in its place, now that the file is sealed with it. Any other key stays where it is.
    pub(super) fn settle(&self, seal: &Seal) -> Result<(), StoreError> {
        if !matches!(self.read(&self.new_path), Ok(Some(waiting)) if waiting.id() == seal.id()) {
            return Ok(());
        }
        private_file::rename(&self.new_path, &self.path)?;
        self.opened().retain(|opened| opened.seal.id() == seal.id());
        Ok(())
    }

    /// Answers a question about the key that counts. `alone` is asked about a key file with a passphrase if there is no
    /// other key, `named` about the key that the sealed file names if there are two.
    fn about_passphrase(
        &self,
        alone: impl FnOnce(&Zeroizing<Vec<u8>>) -> bool,
        named: impl FnOnce(Result<Option<Seal>, StoreError>) -> Option<bool> + Send,
    ) -> Result<bool, StoreError> {
        if self.is_changing()
            && let Some(id) = self.wanted()?
            && let Some(answer) = on_thread_that_ends(|| named(self.seal_named(&id)))
        {
            return Ok(answer);
        }
        Ok(private_file::read(&self.path)?.is_some_and(|text| LockedKey::parse(&text).is_some() && alone(&text)))
    }

    /// The name of the key that the sealed file, or its copy, was sealed with.
    fn wanted(&self) -> Result<Option<String>, StoreError> {
        for path in &self.sealed {
            if let Some(bytes) = private_file::read(path)? {
                return Ok(envelope::key_id(&bytes));
            }
        }
        Ok(None)
    }

    fn read(&self, path: &Path) -> Result<Option<Seal>, StoreError> {
        let Some(text) = private_file::read(path)? else { return Ok(None) };
        if LockedKey::parse(&text).is_some() {
            let opened = self.opened();
            let found = opened.iter().find(|opened| opened.text == text);
            return found.map(|opened| Some(opened.seal.clone())).ok_or(StoreError::PassphraseNeeded);
        }
        let mut key = new_key();
        match BASE64.decode_slice(text.strip_suffix(b"\n").unwrap_or(&text), key.as_mut_slice()) {
            Ok(KEY_BYTES) => Ok(Some(Seal::new(&key))),
            _ => Err(StoreError::Damaged { path: path.to_owned() }),
        }
    }

    /// Writes a new random key where there is none.
    fn make(&self, path: &Path, protection: &Protection) -> Result<Seal, StoreError> {
        let mut key = new_key();
        getrandom::fill(key.as_mut_slice()).map_err(StoreError::NoRandom)?;
        let seal = Seal::new(&key);
        match protection {
            Protection::KeyFile => {
                let mut text = Zeroizing::new(BASE64.encode(key.as_slice()));
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

/// Runs this on a thread of its own, whose stack ends with it: the caller's may live as long as the agent, and the key
/// would stay on it.
fn on_thread_that_ends<R: Send>(answer: impl FnOnce() -> Option<R> + Send) -> Option<R> {
    std::thread::scope(|scope| scope.spawn(answer).join().ok().flatten())
}
