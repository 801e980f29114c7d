//! An issuer's public keys. The key decides with which algorithms it may be used, and never the token, so no token can
//! choose a weaker check.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::jwt_header::algorithm;

/// The public keys of an issuer (RFC 7517 §5). Each verifies only algorithms of its own kind, or the one that it names,
/// so no token can choose how it is checked (RFC 8725 §3.1).
pub struct KeySet(Vec<VerifyingKey>);

struct VerifyingKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// How many keys of an issuer are used at most. One that rotates its keys publishes a few.
const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
struct Document {
    keys: Vec<Box<RawValue>>,
}

/// A key as it stands in the document (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    intended_use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517 §5); `None` if the document is none. Keys that cannot be used are left out, and of two
    /// keys with one name and a common algorithm the first counts.
    pub fn parse(document: &[u8]) -> Option<KeySet> {
        let document: Document = serde_json::from_slice(document).ok()?;
        let mut keys: Vec<VerifyingKey> = Vec::new();
        let parsed = document.keys.iter().filter_map(|text| serde_json::from_str::<Jwk>(text.get()).ok());
        for key in parsed.filter_map(VerifyingKey::of) {
            if keys.len() < MAX_KEYS && !keys.iter().any(|other| other.stands_for(&key)) {
                keys.push(key);
            }
        }
        Some(KeySet(keys))
    }

    /// Whether the set has no usable key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key with this name (`kid`) is in the set. If not, the issuer may have a new one.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The key with this name, if it may verify this algorithm. For a token that names no key there must be exactly one
    /// that may.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let is_meant = |key: &&VerifyingKey| kid.is_none() || key.kid.as_deref() == kid;
        let mut fit = self.0.iter().filter(is_meant).filter(|key| key.algorithms.contains(&algorithm));
        fit.next().filter(|_| fit.next().is_none()).map(|found| &found.key)
    }
}

impl VerifyingKey {
    fn of(jwk: Jwk) -> Option<VerifyingKey> {
        let verifies = jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        if !verifies || jwk.intended_use.as_ref().is_some_and(|intended| intended != "sig") {
            return None;
        }
        let (possible, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (RSA, rsa(&jwk)?),
            ("EC", Some("P-256")) => (&[Algorithm::ES256][..], point(&jwk, 32)?),
            ("EC", Some("P-384")) => (&[Algorithm::ES384][..], point(&jwk, 48)?),
            ("OKP", Some("Ed25519")) => (&[Algorithm::EdDSA][..], DecodingKey::from_ed_der(&decode(&jwk.x, 32)?)),
            _ => return None,
        };
        let algorithms = match &jwk.alg {
            Some(name) => vec![algorithm(name).filter(|named| possible.contains(named))?],
            None => possible.to_vec(),
        };
        Some(VerifyingKey { kid: jwk.kid, algorithms, key })
    }

    /// Whether a token could mean either key: both have one name, and an algorithm in common.
    fn stands_for(&self, other: &VerifyingKey) -> bool {
        self.kid.is_some() && self.kid == other.kid && self.algorithms.iter().any(|one| other.algorithms.contains(one))
    }
}

const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// An RSA key of 2048 to 8192 bits (RFC 7518 §3.3, §6.3.1.1). Zeros that some libraries print before the modulus are
/// dropped.
fn rsa(jwk: &Jwk) -> Option<DecodingKey> {
    let number = |text: &Option<String>| {
        let bytes = URL_SAFE_NO_PAD.decode(text.as_ref()?).ok()?;
        bytes.iter().position(|byte| *byte != 0).map(|first| bytes[first..].to_vec())
    };
    let (n, e) = (number(&jwk.n)?, number(&jwk.e)?);
    let is_sound = (256..=1024).contains(&n.len()) && n[0].leading_zeros() as usize + 2048 <= n.len() * 8;
    is_sound.then(|| DecodingKey::from_rsa_raw_components(&n, &e))
}

/// A point on a curve, uncompressed as in SEC 1 §2.3.3. Whether it lies on the curve is checked by ring.
fn point(jwk: &Jwk, size: usize) -> Option<DecodingKey> {
    Some(DecodingKey::from_ec_der(&[&[4][..], &decode(&jwk.x, size)?, &decode(&jwk.y, size)?].concat()))
}

fn decode(text: &Option<String>, size: usize) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.as_ref()?).ok().filter(|bytes| bytes.len() == size)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn set(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn bytes(count: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0x81; count])
    }

    fn ec(kid: &str) -> Value {
        json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": bytes(32), "y": bytes(32) })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn a_key_that_makes_no_sense_does_not_take_the_others_along() {
        let rsa = json!({ "kty": "RSA", "n": bytes(256), "e": "AQAB", "kid": "bad" });
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": bytes(32), "kid": "bad" });
        let bad = [
            json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "bad" }),
            json!({ "kid": "bad" }),
            json!("bad"),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "bad" }),
            with(ec("bad"), "use", json!("enc")),
            with(ec("bad"), "key_ops", json!(["sign"])),
            with(ec("bad"), "crv", json!("secp256k1")),
            with(ec("bad"), "alg", json!("ES384")),
            with(ec("bad"), "alg", json!("HS256")),
            with(ec("bad"), "x", json!(bytes(31))),
            with(ec("bad"), "y", json!(null)),
            with(ec("bad"), "kid", json!(7)),
            with(rsa.clone(), "n", json!(bytes(255))),
            with(rsa.clone(), "n", json!(URL_SAFE_NO_PAD.encode([0x7f; 256]))),
            with(rsa.clone(), "n", json!(bytes(1025))),
            with(rsa.clone(), "n", json!("not base64!")),
            with(rsa.clone(), "e", json!("")),
            with(rsa, "alg", json!("RSA-OAEP")),
            with(ed.clone(), "crv", json!("X25519")),
            with(ed, "alg", json!("ES256")),
        ];
        for key in &bad {
            let keys = set(&[key.clone(), ec("good")]);
            assert!(!keys.has("bad"), "{key}");
            assert_eq!(keys.0.len(), 1, "{key}");
            assert!(keys.has("good"), "{key}");
        }
        for text in ["{}", "[]", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "", "<html>"] {
            assert!(KeySet::parse(text.as_bytes()).is_none(), "{text}");
        }
        let twice = ec("a").to_string().replacen('{', "{\"kty\":\"EC\",", 1);
        assert!(KeySet::parse(format!("{{\"keys\":[{twice}]}}").as_bytes()).unwrap().is_empty());
    }

    #[test]
    fn a_key_verifies_the_algorithm_that_it_names_or_those_of_its_kind() {
        let rsa = json!({ "kty": "RSA", "n": bytes(256), "e": "AQAB", "kid": "rsa" });
        let names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
        let verified = |key: Value| {
            let (kid, keys) = (key["kid"].as_str().unwrap().to_owned(), set(&[key]));
            names.map(|name| keys.find(Some(&kid), algorithm(name).unwrap()).is_some())
        };
        let only = |of: &[&str]| names.map(|name| of.contains(&name));
        assert_eq!(verified(rsa.clone()), only(&names[..6]));
        assert_eq!(verified(with(rsa.clone(), "n", json!(format!("AAAA{}", bytes(255))))), only(&[]));
        assert_eq!(verified(with(rsa.clone(), "n", json!(format!("AAAA{}", bytes(258))))), only(&names[..6]));
        assert_eq!(verified(with(rsa, "alg", json!("PS384"))), only(&["PS384"]));
        assert_eq!(verified(ec("ec")), only(&["ES256"]));
        let p384 = json!({ "kty": "EC", "crv": "P-384", "kid": "p", "x": bytes(48), "y": bytes(48), "use": "sig" });
        assert_eq!(verified(p384), only(&["ES384"]));
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": bytes(32), "kid": "ed", "key_ops": ["verify"] });
        assert_eq!(verified(ed), only(&["EdDSA"]));
    }

    #[test]
    fn a_token_without_a_kid_finds_a_key_only_where_there_is_no_choice() {
        let find = |keys: &KeySet, kid: Option<&str>| keys.find(kid, Algorithm::ES256).is_some();
        let one = set(&[ec("a"), json!({ "kty": "OKP", "crv": "Ed25519", "x": bytes(32) })]);
        assert!(find(&one, None));
        assert!(find(&one, Some("a")));
        assert!(!find(&one, Some("b")));
        assert!(!find(&one, Some("")));
        let two = set(&[ec("a"), ec("b"), with(ec("b"), "x", json!(bytes(32)))]);
        assert!(!find(&two, None));
        assert!(find(&two, Some("a")));
        assert!(find(&two, Some("b")));
        assert_eq!(two.0.len(), 2);
        assert!(two.has("a"));
        assert!(!two.has("c"));
    }

    #[test]
    fn of_countless_keys_a_hundred_are_kept() {
        let many: Vec<Value> = (0..1000).map(|at| ec(&at.to_string())).collect();
        assert_eq!(set(&many).0.len(), MAX_KEYS);
    }
}
