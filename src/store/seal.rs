//! Encryption with authentication for everything that lies on the disk. A text is sealed together with its context, and
//! opens only with the very same context and key; nonces are random and long enough never to repeat.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::StoreError;
use crate::base::hex;

/// A key that seals: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), random nonces. Clones share the one copy of the key,
/// on the heap: what is moved about leaves nothing of it behind.
#[derive(Clone)]
pub(super) struct Seal {
    cipher: Arc<XChaCha20Poly1305>,
    id: String,
}

/// A sealed text: nonce and ciphertext with tag, base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    nonce: String,
    text: String,
}

pub(super) const KEY_BYTES: usize = 32;

/// The bytes of a key in one place of the heap, from which nothing copies them when they are handed on.
pub(super) type Key = Box<Zeroizing<[u8; KEY_BYTES]>>;

/// An empty place for a key on the heap.
pub(super) fn new_key() -> Key {
    Box::new(Zeroizing::new([0; KEY_BYTES]))
}

const NONCE_BYTES: usize = 24;

impl Sealed {
    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The ciphertext with its tag, in base64. For an empty text it is the tag alone.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Seal {
    /// The all-zero key, which never sealed a real file: for fuzzing.
    pub(super) fn of_nobody() -> Seal {
        Seal::new(&[0; KEY_BYTES])
    }

    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Seal {
        // Names the key without giving it away; a file says which key it wants.
        let digest = Sha256::new().chain_update(b"loom store key id\0").chain_update(key).finalize();
        let id = hex(&digest[..8]);
        Seal { cipher: Arc::new(XChaCha20Poly1305::new(key.into())), id }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Seals a text; `context` is not hidden, but opening needs the very same.
    pub(super) fn seal(&self, text: &[u8], context: &[u8]) -> Result<Sealed, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(StoreError::NoRandom)?;
        let payload = Payload { msg: text, aad: context };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| StoreError::NotKept)?;
        Ok(Sealed { nonce: BASE64.encode(nonce), text: BASE64.encode(sealed) })
    }

    /// Opens a text; `None` if text, context or key are not those it was sealed with.
    pub(super) fn open_sealed(&self, sealed: &Sealed, context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let nonce: [u8; NONCE_BYTES] = BASE64.decode(&sealed.nonce).ok()?.try_into().ok()?;
        let text = BASE64.decode(&sealed.text).ok()?;
        let payload = Payload { msg: &text, aad: context };
        self.cipher.decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_only_whole_with_its_context_and_its_key() {
        let seal = Seal::new(&[7; 32]);
        let sealed = seal.seal(b"secret", b"server a").unwrap();
        assert_eq!(&**seal.open_sealed(&sealed, b"server a").unwrap(), b"secret");
        assert!(seal.open_sealed(&sealed, b"server b").is_none());
        assert!(Seal::new(&[8; 32]).open_sealed(&sealed, b"server a").is_none());
        let cut = Sealed { text: sealed.text[4..].to_owned(), ..sealed.clone() };
        assert!(seal.open_sealed(&cut, b"server a").is_none());
        assert_ne!(seal.id(), Seal::new(&[8; 32]).id());
    }
}
