//! A JWT is what an issuer signed for this purpose.
//!
//! The algorithm is taken from header and key, which must agree: a key verifies only what its kind, or its own `alg`,
//! allows (`key_set`), and neither `none` nor HMAC is among it. The crate `jsonwebtoken` checks the signature with ring
//! (`jwt_crypto`), which TLS links anyway; of its other backends one is a second C library, the other verifies RSA with
//! a crate that has an advisory. Claims are checked by loom, on an object in which no key stands twice: the crate
//! passes over some that have the wrong type. A header that brings a key, or says where one is, is refused whatever it
//! says. An issuer signs many kinds of tokens with one key, so what does not call itself an access token (`at+jwt`, RFC
//! 9068) must not look like any other: no audience that is loom's own client, no nonce, no hash, no event, no `typ` or
//! `token_use` that says otherwise. One that is bound to a key is refused, since nobody here asks for the proof. Claims
//! that give no role give nothing (`role_claims`, `identity`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use super::jwt_header::Header;
use super::{Claims, JwtError, KeySet, jwt_crypto};
use crate::base::{Secret, UniqueMap};

/// What a JWT must say to be accepted.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer's name, which the claim `iss` must equal.
    pub issuer: &'a str,
    /// The client as which loom is registered at the issuer. An ID token must be for it (OpenID Connect Core §2), and
    /// an access token that is for it could be an ID token.
    pub client_id: &'a str,
    /// The audiences of which an access token must name one.
    pub audiences: &'a [String],
    /// What the JWT is presented as.
    pub purpose: Purpose<'a>,
}

/// What a JWT is presented as: one that was made for something else does not count (RFC 8725 §2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// An access token: who presents it may do what it says.
    Access,
    /// The ID token of a login that sent this nonce.
    Id {
        /// The random value that the login sent, which the token must repeat.
        nonce: &'a str,
    },
}

/// The longest JWT, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// Whether the text has the shape of a JWT (RFC 7515 §3.1), whatever it says.
pub fn is_jwt(token: &str) -> bool {
    parts(token).is_some_and(|[header, ..]| object(header).is_some())
}

/// The issuer that a JWT names. Nothing is verified: it only tells whose keys to verify it with.
pub fn issuer_of(token: &str) -> Option<String> {
    let [header, payload, _] = parts(token)?;
    object(header)?;
    object(payload)?.0.get("iss").and_then(Value::as_str).map(str::to_owned)
}

/// Checks everything about a JWT and returns its claims (RFC 7519 §7.2, RFC 8725 §3).
///
/// The crate `jsonwebtoken` checks the signature with the one algorithm on which header and key agree. The claims are
/// checked by loom, since the crate accepts some of the wrong type, and tokens that were made for another purpose.
pub fn verify(token: &Secret, keys: &KeySet, expected: &Expected<'_>) -> Result<Claims, JwtError> {
    let [header, ..] = parts(token.expose()).ok_or(JwtError::Malformed)?;
    let header = Header::parse(&URL_SAFE_NO_PAD.decode(header).map_err(|_| JwtError::Malformed)?)?;
    let key = keys.find(header.kid.as_deref(), header.algorithm).ok_or_else(|| match &header.kid {
        Some(kid) if keys.has(kid) => JwtError::Algorithm,
        _ => JwtError::UnknownKey,
    })?;
    let UniqueMap(claims) = signed(token, key, header.algorithm)?;
    Claims::check(claims, header.is_access_token, expected)
}

/// The payload, if the key signed it with this algorithm.
fn signed(token: &Secret, key: &DecodingKey, algorithm: Algorithm) -> Result<UniqueMap, JwtError> {
    jwt_crypto::install();
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let decoded = decode(token.expose(), key, &validation).map_err(|e| match e.kind() {
        ErrorKind::InvalidSignature => JwtError::Signature,
        ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::InvalidToken => JwtError::Malformed,
        _ => JwtError::Algorithm,
    })?;
    Ok(decoded.claims)
}

/// Header, payload and signature of a JWT in compact form, none of them empty; `None` if the text is anything else.
fn parts(token: &str) -> Option<[&str; 3]> {
    let is_base64url = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    let is_part = |part: &&str| !part.is_empty() && part.bytes().all(is_base64url);
    let mut all = token.split('.');
    let parts = [all.next()?, all.next()?, all.next()?];
    (token.len() <= MAX_TOKEN && all.next().is_none() && parts.iter().all(is_part)).then_some(parts)
}

fn object(part: &str) -> Option<UniqueMap> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_jwt_is_told_from_an_issued_token_by_its_shape() {
        assert!(is_jwt(&token("{}", "no matter")));
        let issued = format!("{}{}", super::super::PREFIX, URL_SAFE_NO_PAD.encode([7; 32]));
        let (empty, more) = (token("{}", "{}"), token("{}", "{}") + ".c2ln");
        for other in [&*issued, "", "..", "a.b.c", &token("[]", "{}"), &token("{", "{}"), &more, &empty[..8]] {
            assert!(!is_jwt(other), "{other}");
        }
        assert!(!is_jwt(&token("{}", &"x".repeat(MAX_TOKEN))));
    }

    #[test]
    fn whose_keys_to_ask_for_is_read_from_one_issuer_only() {
        assert_eq!(issuer_of(&token("{}", r#"{"iss":"https://i.example"}"#)).as_deref(), Some("https://i.example"));
        for odd in [r#"{"iss":["https://i.example"]}"#, r#"{"iss":"a","iss":"b"}"#, "{}", "[]", ""] {
            assert_eq!(issuer_of(&token("{}", odd)), None, "{odd}");
        }
    }
}
