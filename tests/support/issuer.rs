use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use loom_credentials::access::KeySet;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Map, Value, json};

use super::find_program;

/// Who signs JWTs: keys made for this run, by their names.
pub struct Issuer {
    keys: Vec<(&'static str, Key)>,
}

enum Key {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A JWT before it is signed: a good access token as long as nothing is changed.
#[derive(Clone)]
pub struct Draft<'a> {
    issuer: &'a Issuer,
    header: Map<String, Value>,
    payload: Map<String, Value>,
    signer: &'static str,
}

impl Issuer {
    pub const NAME: &'static str = "https://id.example/realms/corp";
    pub const CLIENT: &'static str = "loom-client";
    pub const AUDIENCE: &'static str = "https://api.example";

    /// `ec` and `ec-2` are of P-256, `p384` and `ed` of their curves. Nobody is shown what `stranger` can verify.
    pub fn new() -> Issuer {
        let p256 = || Key::P256(ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING));
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let ed = Key::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap());
        let p384 = Key::P384(ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING));
        Issuer { keys: vec![("ec", p256()), ("ec-2", p256()), ("p384", p384), ("ed", ed), ("stranger", p256())] }
    }

    /// The same with a key `rsa`, which ring cannot make; `None` where OpenSSL is not installed.
    pub fn with_rsa() -> Option<Issuer> {
        let mut command = Command::new(find_program("openssl")?);
        command.args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"]);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut issuer = Issuer::new();
        // Which of the two forms it is depends on OpenSSL's version.
        let key = RsaKeyPair::from_pkcs8(&done.stdout).or_else(|_| RsaKeyPair::from_der(&done.stdout)).unwrap();
        issuer.keys.push(("rsa", Key::Rsa(key)));
        Some(issuer)
    }

    pub fn key_set(&self) -> KeySet {
        let keys: Vec<Value> =
            self.keys.iter().filter(|(kid, _)| *kid != "stranger").map(|(kid, _)| self.jwk(kid)).collect();
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    pub fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self.key(kid) {
            Key::P256(key) | Key::P384(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
                let crv = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": crv, "kid": kid, "x": text(x), "y": text(y) })
            }
            Key::Ed(key) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": text(key.public_key().as_ref()) }),
            Key::Rsa(key) => {
                let key = signature::RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kty": "RSA", "kid": kid, "n": text(&key.n), "e": text(&key.e) })
            }
        }
    }

    /// An access token (RFC 9068) signed with this key and algorithm.
    pub fn draft(&self, kid: &'static str, alg: &str) -> Draft<'_> {
        let now = Timestamp::now().as_second();
        let payload = json!({
            "iss": Issuer::NAME, "aud": [Issuer::AUDIENCE, "account"], "sub": "7f3a", "client_id": "ci", "jti": "1",
            "iat": now, "nbf": now, "exp": now + 600, "scope": "read", "roles": ["operator"],
        });
        let header = json!({ "alg": alg, "kid": kid, "typ": "at+jwt" });
        let object = |value: Value| value.as_object().unwrap().clone();
        Draft { issuer: self, header: object(header), payload: object(payload), signer: kid }
    }

    fn key(&self, kid: &str) -> &Key {
        &self.keys.iter().find(|(name, _)| *name == kid).unwrap().1
    }

    fn sign(&self, kid: &str, alg: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self.key(kid) {
            Key::P256(key) | Key::P384(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed(key) => key.sign(message).as_ref().to_vec(),
            Key::Rsa(key) => {
                let padding: &dyn signature::RsaEncoding = match alg {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signed = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, message, &mut signed).unwrap();
                signed
            }
        }
    }
}

impl Draft<'_> {
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.payload.insert(name.to_owned(), value.into());
        self
    }

    /// A time so many seconds from now.
    pub fn time(self, name: &str, seconds: i64) -> Self {
        self.claim(name, Timestamp::now().as_second() + seconds)
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.payload.remove(name);
        self
    }

    pub fn signed_by(mut self, kid: &'static str) -> Self {
        self.signer = kid;
        self
    }

    pub fn sign(&self) -> String {
        self.sign_as(|header, payload| (header, payload))
    }

    /// Signs what becomes of the two texts.
    pub fn sign_as(&self, change: impl FnOnce(String, String) -> (String, String)) -> String {
        let text = |object: &Map<String, Value>| serde_json::to_string(object).unwrap();
        let (header, payload) = change(text(&self.header), text(&self.payload));
        self.sign_with(&header, &payload, |alg, message| self.issuer.sign(self.signer, alg, message))
    }

    /// Signs in a way of one's own.
    pub fn sign_oddly(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let text = |object: &Map<String, Value>| serde_json::to_string(object).unwrap();
        self.sign_with(&text(&self.header), &text(&self.payload), |_, message| sign(message))
    }

    /// A key of the issuer's as others may see it.
    pub fn jwk(&self, kid: &str) -> Value {
        self.issuer.jwk(kid)
    }

    fn sign_with(&self, header: &str, payload: &str, sign: impl FnOnce(&str, &[u8]) -> Vec<u8>) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let alg = self.header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let signature = sign(alg, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn ec(algorithm: &'static signature::EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}
