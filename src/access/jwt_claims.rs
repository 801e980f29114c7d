//! What the claims of a signed JWT must say before it counts: the issuer, that it is meant for this agent, the times,
//! and that an ID token is not used as an access token or the reverse.

use serde_json::{Map, Value};

use super::{Expected, JwtError, Purpose};
use crate::base::{Expiry, clock, printable};

/// The checked claims of a JWT: its issuer signed them and meant them for loom.
#[derive(Clone, Debug)]
pub struct Claims {
    all: Map<String, Value>,
    subject: String,
    expires: Expiry,
}

/// How many seconds two clocks may differ (RFC 7519 §4.1.4).
const LEEWAY: i64 = 60;

/// The longest subject, in characters (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

const MAX_NAME: usize = 200;

/// Claims that only ID tokens have (OpenID Connect Core §2, §3.3.2.11; FAPI 1.0 Part 2 §5.2.2.1).
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

impl Claims {
    /// The issuer's own name for the person (the claim `sub`): unique there, and never given to somebody else (OpenID
    /// Connect Core §2).
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// A name by which people know the person, made printable, of at most 200 characters. It decides nothing.
    pub fn name(&self) -> String {
        let text = |key: &&str| self.all.get(*key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let name = ["preferred_username", "email", "name"].iter().find_map(text).unwrap_or(&self.subject);
        printable(name).chars().take(MAX_NAME).collect()
    }

    /// When the JWT expires (the claim `exp`).
    pub fn expires(&self) -> Expiry {
        self.expires
    }

    pub(super) fn all(&self) -> &Map<String, Value> {
        &self.all
    }

    /// Checks signed claims against what is expected. `is_access_token` says that the header calls the JWT an access
    /// token.
    pub(super) fn check(
        all: Map<String, Value>,
        is_access_token: bool,
        expected: &Expected<'_>,
    ) -> Result<Claims, JwtError> {
        if all.get("iss").and_then(Value::as_str) != Some(expected.issuer) {
            return Err(JwtError::Issuer);
        }
        let audiences = audiences(&all)?;
        match expected.purpose {
            Purpose::Access => check_access(&all, &audiences, is_access_token, expected)?,
            Purpose::Id { .. } if is_access_token => return Err(JwtError::Type),
            Purpose::Id { nonce } => check_id(&all, &audiences, nonce, expected.client_id)?,
        }
        let expires = check_times(&all)?;
        let subject = all.get("sub").and_then(Value::as_str).map(str::to_owned);
        let is_subject = |subject: &String| (1..=MAX_SUBJECT).contains(&subject.chars().count());
        let subject = subject.filter(is_subject).ok_or(JwtError::Claim("sub"))?;
        Ok(Claims { all, subject, expires })
    }
}

/// Checks that the claims are of an access token. One that does not call itself so (RFC 9068 §4) must not look like any
/// other token that an issuer signs with the same key.
fn check_access(
    all: &Map<String, Value>,
    audiences: &[&str],
    is_access_token: bool,
    expected: &Expected<'_>,
) -> Result<(), JwtError> {
    let is_id_token =
        audiences.contains(&expected.client_id) || OF_ID_TOKENS.iter().any(|name| all.contains_key(*name));
    // Keycloak says in the payload what it is, Cognito too; security event tokens and logout tokens have events (RFC
    // 8417).
    let typ = kind(all, "typ")?;
    let is_other = matches!(typ.as_deref(), Some("id" | "refresh" | "offline" | "logout"));
    let is_other = is_other || kind(all, "token_use")?.is_some_and(|used_as| used_as != "access");
    if is_other || all.contains_key("events") || is_id_token && !is_access_token {
        return Err(JwtError::Type);
    }
    if !audiences.iter().any(|audience| expected.audiences.iter().any(|own| own == audience)) {
        return Err(JwtError::Audience);
    }
    if all.contains_key("cnf") { Err(JwtError::Bound) } else { Ok(()) }
}

/// Checks that the claims are of an ID token for this client and login (OpenID Connect Core §3.1.3.7).
fn check_id(all: &Map<String, Value>, audiences: &[&str], nonce: &str, client_id: &str) -> Result<(), JwtError> {
    let is_other = kind(all, "typ")?.is_some_and(|typ| typ != "id");
    let is_other = is_other || kind(all, "token_use")?.is_some_and(|used_as| used_as != "id");
    if is_other || all.contains_key("events") {
        return Err(JwtError::Type);
    }
    let authorized = all.get("azp").map(|azp| azp.as_str() == Some(client_id));
    if client_id.is_empty() || !audiences.contains(&client_id) || !authorized.unwrap_or(audiences.len() == 1) {
        return Err(JwtError::Audience);
    }
    match all.get("nonce").and_then(Value::as_str) {
        Some(claimed) if claimed == nonce && !nonce.is_empty() => Ok(()),
        _ => Err(JwtError::Nonce),
    }
}

/// Checks the times, and returns when the JWT expires. One without an end is refused.
fn check_times(all: &Map<String, Value>) -> Result<Expiry, JwtError> {
    let now = clock::now();
    let expires = seconds(all, "exp")?.and_then(Expiry::at_most).ok_or(JwtError::Claim("exp"))?;
    if expires.ends_within(-LEEWAY, now) {
        return Err(JwtError::Expired);
    }
    for start in ["nbf", "iat"] {
        if seconds(all, start)?.is_some_and(|start| start > now.as_second() + LEEWAY) {
            return Err(JwtError::NotYet);
        }
    }
    Ok(expires)
}

fn audiences(all: &Map<String, Value>) -> Result<Vec<&str>, JwtError> {
    let audiences = match all.get("aud") {
        Some(Value::String(audience)) => Some(vec![audience.as_str()]),
        Some(Value::Array(audiences)) => audiences.iter().map(Value::as_str).collect(),
        _ => None,
    };
    audiences.ok_or(JwtError::Claim("aud"))
}

fn kind(all: &Map<String, Value>, name: &str) -> Result<Option<String>, JwtError> {
    let text = |value: &Value| value.as_str().map(str::to_ascii_lowercase).ok_or(JwtError::Type);
    all.get(name).map(text).transpose()
}

/// A NumericDate in Unix seconds, whose fraction is dropped (RFC 7519 §2). What is out of range becomes the nearest
/// number.
fn seconds(all: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, JwtError> {
    match all.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_i64().or_else(|| number.as_f64().map(|exact| exact as i64))),
        Some(_) => Err(JwtError::Claim(name)),
    }
}
