use std::fmt;

use crate::base::hex;

/// The name of an object: 40 hexadecimal digits of SHA-1, or 64 of SHA-256, in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(String);

/// By which hash a repository names its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashKind {
    /// As all repositories once did.
    Sha1,
    /// By `extensions.objectFormat`.
    Sha256,
}

impl ObjectId {
    /// Parses the digits; `None` if these are none. Git reads capitals too, and writes none.
    pub fn parse(digits: &[u8]) -> Option<ObjectId> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let text = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(is_digit))?;
        matches!(text.len(), 40 | 64).then(|| ObjectId(text.to_owned()))
    }

    /// The name that these bytes of a hash are.
    pub fn of_hash(bytes: &[u8]) -> Option<ObjectId> {
        matches!(bytes.len(), 20 | 32).then(|| ObjectId(hex(bytes)))
    }

    /// Which hash it is one of.
    pub fn kind(&self) -> HashKind {
        if self.0.len() == 64 { HashKind::Sha256 } else { HashKind::Sha1 }
    }

    /// Whether it names nothing: the old value of a ref that is created, the new one of a ref that is deleted.
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl HashKind {
    /// Its name as the value of `object-format`.
    pub fn name(self) -> &'static str {
        match self {
            HashKind::Sha1 => "sha1",
            HashKind::Sha256 => "sha256",
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
