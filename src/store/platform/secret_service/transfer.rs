//! How secrets go over the bus: sealed with a key that only this process and the keyring have, since others of the same
//! user may listen there. `dh-ietf1024-sha256-aes128-cbc-pkcs7` of the Secret Service specification, which has no
//! better.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use num_bigint::BigUint;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use super::super::super::StoreError;
use crate::msg;

pub(super) const ALGORITHM: &str = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

const KEY_BYTES: usize = 16;

/// The second Oakley group (RFC 2409 §6.2).
const PRIME: &[u8] =
    b"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
    EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5\
    AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF";

const PRIME_BYTES: usize = 128;

/// Our half of a key that is about to be agreed on.
pub(super) struct Offer(BigUint);

/// The key of one session.
pub(super) struct TransferKey(Zeroizing<[u8; KEY_BYTES]>);

impl Offer {
    pub(super) fn new() -> Result<Offer, StoreError> {
        Ok(Offer(BigUint::from_bytes_be(&*random::<PRIME_BYTES>()?)))
    }

    /// This process's public half, which the keyring is told.
    pub(super) fn public(&self) -> Vec<u8> {
        BigUint::from(2_u8).modpow(&self.0, &prime()).to_bytes_be()
    }

    /// The key that results from the keyring's public half; `None` if that is not a valid one.
    pub(super) fn agree(self, theirs: &[u8]) -> Option<TransferKey> {
        let common = Zeroizing::new(BigUint::from_bytes_be(theirs).modpow(&self.0, &prime()).to_bytes_be());
        let mut padded = Zeroizing::new([0; PRIME_BYTES]);
        padded.get_mut(PRIME_BYTES.checked_sub(common.len())?..)?.copy_from_slice(&common);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Salt::new(HKDF_SHA256, &[]).extract(&*padded).expand(&[], Length).ok()?.fill(&mut *key).ok()?;
        Some(TransferKey(key))
    }
}

impl TransferKey {
    /// Seals a text: returns the initialization vector and the ciphertext.
    pub(super) fn seal(&self, text: &[u8]) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        let vector = random::<KEY_BYTES>()?;
        let cipher = cbc::Encryptor::<aes::Aes128>::new((&*self.0).into(), (&*vector).into());
        Ok((vector.to_vec(), cipher.encrypt_padded_vec::<Pkcs7>(text)))
    }

    /// Opens a ciphertext; `None` if it was not sealed with this key.
    pub(super) fn open(&self, vector: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let vector: [u8; KEY_BYTES] = vector.try_into().ok()?;
        let cipher = cbc::Decryptor::<aes::Aes128>::new((&*self.0).into(), (&vector).into());
        cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok().map(Zeroizing::new)
    }
}

/// How long a key is, for the one who makes it.
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

fn prime() -> BigUint {
    BigUint::parse_bytes(PRIME, 16).unwrap_or_default()
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut bytes = Zeroizing::new([0; N]);
    match getrandom::fill(&mut *bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(StoreError::of_keyring(msg!("no-random", error = error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_make_one_key_and_another_key_opens_nothing() {
        let (ours, theirs, other) = (Offer::new().unwrap(), Offer::new().unwrap(), Offer::new().unwrap());
        let (to_us, to_them) = (theirs.public(), ours.public());
        let (ours, theirs) = (ours.agree(&to_us).unwrap(), theirs.agree(&to_them).unwrap());
        for text in [&b""[..], b"secret", &[7; 64]] {
            let (vector, sealed) = ours.seal(text).unwrap();
            assert_eq!(&**theirs.open(&vector, &sealed).unwrap(), text);
            assert_ne!(ours.seal(text).unwrap(), (vector.clone(), sealed.clone()), "no two are the same");
            let opened = other_key(&other, &to_us).open(&vector, &sealed);
            assert!(opened.is_none_or(|opened| **opened != *text));
        }
        assert!(ours.open(b"short", &[0; 16]).is_none());
        assert!(ours.open(&[0; 16], b"short").is_none());
    }

    fn other_key(other: &Offer, theirs: &[u8]) -> TransferKey {
        Offer(other.0.clone()).agree(theirs).unwrap()
    }
}
