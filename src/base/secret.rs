//! Where a secret may go.
//!
//! `Secret` has no `Display`, its `Debug` shows nothing, it cannot be serialised except through `reveal`, and it is
//! zeroed when dropped. `reveal` stands on the fields whose purpose is to carry one: the wire types and the stored
//! form. Frames and file contents live in buffers that are zeroed. In the agent the allocator zeroes whatever is freed
//! (`loom-agent/memory.rs`), because the libraries of HTTP, TLS and JSON copy too. Errors of the keyring drop their
//! data, because some carry the secret. Refused frames and refused input of git are described, never repeated. The log
//! takes loom's own lines only, whatever filter is asked for, because HTTP libraries log headers.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serializer};
use subtle::ConstantTimeEq;

/// A password or token: zeroed when dropped, never shown by `Debug`, never serialised by accident.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

/// The longest token accepted, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

impl Secret {
    /// Takes over a text of any form. The caller sees to it that no other copy stays behind.
    pub fn new(text: String) -> Self {
        Secret(SecretString::from(text))
    }

    /// Takes over a token: visible ASCII of 1 byte to 16 KiB, so that it fits a header line and git's protocol (RFC
    /// 6750 §2.1). `None` if it is anything else.
    pub fn token(text: String) -> Option<Self> {
        let secret = Secret::new(text);
        let text = secret.expose();
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        (visible && (1..=MAX_TOKEN).contains(&text.len())).then_some(secret)
    }

    /// The text itself, for the few places that send or store it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether both secrets are equal. The time that this takes depends on their lengths only.
    pub fn matches(&self, other: &Secret) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }

    /// Whether the text fits in one line: it has no LF, CR or NUL.
    pub fn is_one_line(&self) -> bool {
        !self.expose().contains(['\n', '\r', '\0'])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// For `#[serde(with = "reveal")]` on the few fields whose purpose is to carry a secret.
pub mod reveal {
    use super::*;

    /// Writes the secret itself as a string.
    pub fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    /// Reads a secret from a string.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        Secret::deserialize(from)
    }
}

/// [`reveal`] for a field that may be absent.
pub mod reveal_some {
    use super::*;

    /// Writes the secret itself as a string, or nothing.
    pub fn serialize<S: Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => to.serialize_some(secret.expose()),
            None => to.serialize_none(),
        }
    }

    /// Reads a secret from a string, if there is one.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
        Option::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Secret(…)");
    }

    #[test]
    fn a_token_is_visible_ascii_of_bounded_length() {
        for bad in ["", "a b", "a\nb", "a\rb", "a\0b", "tokén", &"x".repeat(16 * 1024 + 1)] {
            assert!(Secret::token(bad.to_owned()).is_none(), "{bad:?}");
        }
        assert!(Secret::token("lt_0123456789".into()).is_some());
    }
}
