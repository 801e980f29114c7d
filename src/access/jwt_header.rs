//! The header of a JWT. It may name an algorithm and a key and nothing that would change how it is checked: a token
//! that brings its own key is refused (RFC 8725).

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::JwtError;
use crate::base::UniqueMap;

/// What the header of a JWT says that counts (RFC 7515 §4.1).
pub(super) struct Header {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    /// It says that it is an access token (RFC 9068 §2.1); else it says nothing, or `JWT`.
    pub is_access_token: bool,
}

/// A token that brings its own key or says where to find one proves nothing; no extension is understood, which is what
/// `crit` demands (RFC 7515 §4.1.11); the rest belongs to what is encrypted, compressed or not encoded.
const REFUSED: [&str; 8] = ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"];

const MAX_KID: usize = 200;

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Header, JwtError> {
        let UniqueMap(header) = serde_json::from_slice(json).map_err(|_| JwtError::Malformed)?;
        if let Some(refused) = REFUSED.into_iter().find(|name| header.contains_key(*name)) {
            return Err(JwtError::Header(refused));
        }
        Ok(Header {
            algorithm: header.get("alg").and_then(Value::as_str).and_then(algorithm).ok_or(JwtError::Algorithm)?,
            kid: kid(&header)?,
            is_access_token: is_access_token(&header)?,
        })
    }
}

/// The algorithms that there are here. `none` and HMAC are not among them (RFC 8725 §3.1, §3.2).
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        _ => return None,
    })
}

fn kid(header: &Map<String, Value>) -> Result<Option<String>, JwtError> {
    match header.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if is_kid(kid) => Ok(Some(kid.clone())),
        Some(_) => Err(JwtError::Header("kid")),
    }
}

fn is_kid(kid: &str) -> bool {
    (1..=MAX_KID).contains(&kid.len()) && kid.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// `typ` is a media type, of which `application/` may be left out and letters may be large (RFC 7515 §4.1.9).
fn is_access_token(header: &Map<String, Value>) -> Result<bool, JwtError> {
    let Some(typ) = header.get("typ") else { return Ok(false) };
    let typ = typ.as_str().ok_or(JwtError::Type)?.to_ascii_lowercase();
    match typ.strip_prefix("application/").unwrap_or(&typ) {
        "at+jwt" => Ok(true),
        "jwt" => Ok(false),
        _ => Err(JwtError::Type),
    }
}
