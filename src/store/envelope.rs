//! Sealed records, and the first form of the sealed file, which older programs wrote and which is still read. The label
//! of a record is bound to its secret, so that a file in which somebody swapped two records does not open.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use zeroize::Zeroizing;

use super::legacy::LegacyRecord;
use super::seal::{Seal, Sealed};
use super::{LegacyKey, Revision, StoreError, journal_head};

/// The version of this form. It is read, and what is written has the next one: see `journal.rs`.
const VERSION: u32 = 1;

/// The content of the sealed file, record by record.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) records: Vec<SealedRecord>,
    /// Records of an older Loom whose server nobody has named yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unclaimed: Vec<SealedRecord>,
}

/// One record: a label in clear and the secret sealed to it, so that none can be put under another's label.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedRecord {
    label: Box<RawValue>,
    sealed: Sealed,
}

/// The file of the first form: which format, which key, the body, and a seal over all three that also shows a missing
/// or moved record.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
#[serde(deny_unknown_fields)]
struct Envelope {
    version: u32,
    key: String,
    body: Box<RawValue>,
    seal: Sealed,
}

/// Why the bytes are not a file that this key opens.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EnvelopeError {
    /// A newer version of loom wrote it.
    Newer,
    /// Another key sealed it.
    WrongKey,
    /// It was altered, or it is no such file.
    Damaged,
}

impl SealedRecord {
    pub(super) fn seal(seal: &Seal, label: &impl Serialize, secret: &impl Serialize) -> Result<Self, StoreError> {
        let label = to_raw_value(label).map_err(|_| StoreError::NotKept)?;
        let secret = Zeroizing::new(serde_json::to_vec(secret).map_err(|_| StoreError::NotKept)?);
        let sealed = seal.seal(&secret, label.get().as_bytes())?;
        Ok(SealedRecord { label, sealed })
    }

    /// The nonce, which differs with every sealing and so tells each value of an account from all others.
    pub(super) fn revision(&self) -> Revision {
        Revision::new(self.sealed.nonce())
    }

    pub(super) fn label<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.label.get()).ok()
    }

    pub(super) fn open<T: DeserializeOwned>(&self, seal: &Seal) -> Option<T> {
        serde_json::from_slice(&seal.open_sealed(&self.sealed, self.label.get().as_bytes())?).ok()
    }
}

/// The name of the key that the file was sealed with, found even if the rest is damaged: it stands near the beginning.
pub(super) fn key_id(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyKey {
        key: String,
    }
    if let Ok(OnlyKey { key }) = serde_json::from_slice(bytes) {
        return Some(key);
    }
    let (_, named) = std::str::from_utf8(bytes.get(..64)?).ok()?.split_once("\"key\":\"")?;
    named.split_once('"').map(|(id, _)| id.to_owned())
}

/// Parses the file and checks that it is whole.
pub(super) fn open(bytes: &[u8], seal: &Seal) -> Result<Body, EnvelopeError> {
    #[derive(Deserialize)]
    struct OnlyVersion {
        version: u32,
    }
    let beginning = serde_json::Deserializer::from_slice(bytes).into_iter::<OnlyVersion>().next();
    let Some(Ok(OnlyVersion { version })) = beginning else { return Err(EnvelopeError::Damaged) };
    if version != VERSION {
        // One of the next version has another form: what is left of its head is no head.
        return Err(if version > journal_head::VERSION { EnvelopeError::Newer } else { EnvelopeError::Damaged });
    }
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|_| EnvelopeError::Damaged)?;
    if envelope.key != seal.id() {
        return Err(EnvelopeError::WrongKey);
    }
    let context = context(envelope.version, &envelope.key, &envelope.body);
    seal.open_sealed(&envelope.seal, &context).ok_or(EnvelopeError::Damaged)?;
    serde_json::from_str(envelope.body.get()).map_err(|_| EnvelopeError::Damaged)
}

/// The whole records of a damaged file. Each is sealed by itself, so what is found is as it was written.
pub(super) fn salvage(bytes: &[u8], seal: &Seal) -> Vec<SealedRecord> {
    const BEGIN: &[u8] = b"{\"label\":";
    let begins = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(BEGIN));
    let parse = |at: usize| serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<SealedRecord>().next()?.ok();
    let is_whole = |record: &SealedRecord| seal.open_sealed(&record.sealed, record.label.get().as_bytes()).is_some();
    begins.filter_map(parse).filter(is_whole).collect()
}

/// The records of an older Loom's clear-text file; `None` if the bytes are anything else.
pub(super) fn parse_legacy(bytes: &[u8]) -> Option<Vec<(LegacyKey, LegacyRecord)>> {
    let entries: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(bytes).ok()?;
    let parse = |(key, value): (String, Box<RawValue>)| {
        Some((LegacyKey::parse(&key)?, LegacyRecord::parse(value.get().as_bytes())?))
    };
    entries.into_iter().map(parse).collect()
}

fn context(version: u32, key: &str, body: &RawValue) -> Vec<u8> {
    format!("loom credentials {version} {key} {}", body.get()).into_bytes()
}

/// Prints a file as the first version did.
#[cfg(test)]
pub(super) fn close(body: &Body, seal: &Seal) -> Result<Vec<u8>, StoreError> {
    let body = to_raw_value(body).map_err(|_| StoreError::NotKept)?;
    let whole = seal.seal(b"", &context(VERSION, seal.id(), &body))?;
    let envelope = Envelope { version: VERSION, key: seal.id().to_owned(), body, seal: whole };
    let mut bytes = serde_json::to_vec(&envelope).map_err(|_| StoreError::NotKept)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed() {
        let seal = Seal::new(&[7; 32]);
        let record = |n: u32| SealedRecord::seal(&seal, &n, &format!("secret {n}")).unwrap();
        let whole =
            close(&Body { records: vec![record(1), record(2), record(3)], unclaimed: vec![record(4)] }, &seal).unwrap();
        let body = open(&whole, &seal).unwrap();
        assert_eq!(body.records[2].open::<String>(&seal).unwrap(), "secret 3");
        for length in 0..whole.len() - 1 {
            assert!(open(&whole[..length], &seal).is_err(), "cut at {length}");
        }
        let mut kept = 0;
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&flipped, &seal).is_err(), "bit {bit}");
            // One flipped bit damages one record at most, and what is found is whole.
            let found = salvage(&flipped, &seal);
            assert!(found.len() >= 3, "bit {bit}");
            assert!(found.iter().all(|record| record.open::<String>(&seal).is_some()), "bit {bit}");
            kept += found.len();
        }
        assert!(kept > whole.len() * 8 * 3);
    }

    #[test]
    fn only_a_map_of_old_records_is_taken_for_an_older_looms_file() {
        let old = br#"{"https___loom_example":{"type":"api","key":"lt_1"},"http___127_0_0_1_80":{"type":"oauth","refresh":"r","access":"a","expires":1}}"#;
        assert_eq!(parse_legacy(old).unwrap().len(), 2);
        for other in [
            &b"{\"version\":1}"[..],
            b"[]",
            b"{\"https___x\":{\"type\":\"api\"}}",
            b"",
            b"{\"x\":{\"type\":\"api\",\"key\":\"k\"}}",
        ] {
            assert!(parse_legacy(other).is_none(), "{}", String::from_utf8_lossy(other));
        }
    }
}
