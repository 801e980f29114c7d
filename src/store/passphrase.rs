//! A passphrase opens the key, not the file.
//!
//! `store.key` then holds the random key sealed with what Argon2id makes of the passphrase; the file's own format is
//! the same. To set, change or drop a passphrase is a new key, so the old passphrase opens nothing that was written
//! later. `StoreKey` holds the opened key beside the text of the key file it came from: when another agent put a new
//! one in its place, it counts as not opened. Of a change that was cut short the wrong one of the two passphrases is
//! refused as such, and what was opened before stays open.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::seal::{KEY_BYTES, Key, Seal, Sealed, new_key};
use crate::base::Secret;

/// A key that only a passphrase opens, as the key file holds it: sealed with what Argon2id (RFC 9106) makes of the
/// passphrase. How it was made stands beside it, so that a later loom can ask for more.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockedKey {
    kdf: Kdf,
    /// In KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    key: Sealed,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Kdf {
    #[serde(rename = "argon2id")]
    Argon2id,
}

/// The parameters of new keys, the second recommended option of RFC 9106 §4: memory in KiB, passes and lanes. A guess
/// takes 64 MiB and a good part of a second.
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// The most memory in KiB, and the most passes, that a key file may ask for. No loom writes more: it would only exhaust
/// the machine.
const MAX_MEMORY: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 64;

const SALT_BYTES: usize = 16;

/// What a key is sealed for, so that no sealed record can be taken for one.
const CONTEXT: &[u8] = b"loom store key";

impl LockedKey {
    /// Parses a key file; `None` if it has no passphrase.
    pub(super) fn parse(text: &[u8]) -> Option<LockedKey> {
        serde_json::from_slice(text).ok()
    }

    /// Locks a key with a passphrase.
    pub(super) fn new(key: &[u8; KEY_BYTES], passphrase: &Secret) -> Result<LockedKey, StoreError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(StoreError::NoRandom)?;
        let made = derive(passphrase, &salt, [MEMORY, PASSES, LANES]).ok_or(StoreError::NotKept)?;
        let key = Seal::new(&made).seal(key, CONTEXT)?;
        let salt = BASE64.encode(salt);
        Ok(LockedKey { kdf: Kdf::Argon2id, memory: MEMORY, passes: PASSES, lanes: LANES, salt, key })
    }

    pub(super) fn print(&self) -> Result<Vec<u8>, StoreError> {
        let mut text = serde_json::to_vec(self).map_err(|_| StoreError::NotKept)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The key; `None` if the passphrase is wrong or the file was altered.
    pub(super) fn open(&self, passphrase: &Secret) -> Option<Key> {
        let Kdf::Argon2id = self.kdf;
        let is_sane = self.memory <= MAX_MEMORY && self.passes <= MAX_PASSES;
        let salt = BASE64.decode(&self.salt).ok().filter(|_| is_sane)?;
        let made = derive(passphrase, &salt, [self.memory, self.passes, self.lanes])?;
        let key = Seal::new(&made).open_sealed(&self.key, CONTEXT)?;
        let mut opened = new_key();
        (key.len() == KEY_BYTES).then(|| opened.copy_from_slice(&key))?;
        Some(opened)
    }
}

fn derive(passphrase: &Secret, salt: &[u8], [memory, passes, lanes]: [u32; 3]) -> Option<Key> {
    let params = Params::new(memory, passes, lanes, Some(KEY_BYTES)).ok()?;
    let mut made = new_key();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(passphrase.expose().as_bytes(), salt, made.as_mut_slice()).ok()?;
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_opens_the_key_and_only_as_it_was_written() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let text = LockedKey::new(&[7; KEY_BYTES], &secret("correct horse")).unwrap().print().unwrap();
        let locked = LockedKey::parse(&text).unwrap();
        assert_eq!(locked.open(&secret("correct horse")).unwrap().as_slice(), [7; KEY_BYTES]);
        assert!(locked.open(&secret("correct horsf")).is_none());
        assert!(
            LockedKey { passes: PASSES - 1, ..LockedKey::parse(&text).unwrap() }
                .open(&secret("correct horse"))
                .is_none()
        );
        let greedy = LockedKey { memory: u32::MAX, ..LockedKey::parse(&text).unwrap() };
        assert!(greedy.open(&secret("correct horse")).is_none());
    }
}
