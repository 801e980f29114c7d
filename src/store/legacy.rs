//! What an older Loom left.
//!
//! Its keys do not say which server they mean: `a.b` and `a-b` became the same text. A key with one reading only (an
//! IPv4 address, `http://localhost`) becomes a record when the clear-text file is sealed. Any other is claimed when a
//! person or a program names the server to `token`, `status` or `logout` (`for_person` in `agent::accounts`). Git never
//! claims: the host it names may stand in a URL that somebody else wrote. The old entry goes only after the new one is
//! kept.

use serde::Deserialize;

use crate::base::{Credential, Expiry, Secret, ServerUrl, TokenSource};

/// How an older Loom named a server: every character that is not alphanumeric became `_`.
///
/// `a.b` and `a-b` share a key, so a key says only which servers it could mean. A record is handed over when a person
/// names the server, never because git met a host that would fit: that host may be an attacker's choice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LegacyKey(String);

/// What an older Loom kept under a key, in clear text.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum LegacyRecord {
    Api {
        key: Secret,
    },
    OAuth {
        refresh: Secret,
        access: Secret,
        /// Milliseconds since 1970.
        expires: i64,
    },
}

impl LegacyKey {
    pub(super) fn of(server: &ServerUrl) -> Self {
        let keep = |c: char| if c.is_alphanumeric() { c } else { '_' };
        LegacyKey(server.to_string().chars().map(keep).collect())
    }

    /// A key as it stood in a file or keyring; `None` if no older Loom wrote it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let shaped =
            text.starts_with("http") && text.contains("___") && text.chars().all(|c| c.is_alphanumeric() || c == '_');
        shaped.then(|| LegacyKey(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The server, where only one can be meant: an IPv4 address, or `localhost` over http, which no other host may use.
    pub(super) fn sole_reading(&self) -> Option<ServerUrl> {
        let (scheme, rest) = self.0.split_once("___")?;
        let parts: Vec<&str> = rest.split('_').filter(|part| !part.is_empty()).collect();
        let is_number = |part: &&str| part.chars().all(|c| c.is_ascii_digit());
        let guess = match parts.as_slice() {
            [host @ .., port] if host.len() == 4 && parts.iter().all(is_number) => {
                format!("{scheme}://{}:{port}", host.join("."))
            }
            host if host.len() == 4 && host.iter().all(is_number) => {
                format!("{scheme}://{}", host.join("."))
            }
            ["localhost", port] if scheme == "http" => format!("http://localhost:{port}"),
            ["localhost"] if scheme == "http" => "http://localhost".to_owned(),
            _ => return None,
        };
        ServerUrl::parse(&guess).ok().filter(|server| Self::of(server) == *self)
    }
}

impl LegacyRecord {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// The record as a credential of this loom.
    pub(super) fn into_credential(self) -> Credential {
        match self {
            LegacyRecord::Api { key } => Credential::token(key, TokenSource::Loom),
            LegacyRecord::OAuth { refresh, access, expires } => Credential::OAuth {
                access,
                expires: Expiry::at_most(expires / 1000),
                refresh: Some(refresh),
                terms: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_a_server_only_where_no_other_fits() {
        let read = |key| LegacyKey::parse(key).and_then(|key| key.sole_reading()).map(|server| server.to_string());
        assert_eq!(read("http___127_0_0_1_8080").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(read("https___10_0_0_1").as_deref(), Some("https://10.0.0.1"));
        assert_eq!(read("http___localhost_3000").as_deref(), Some("http://localhost:3000"));
        assert_eq!(read("https___localhost_3000"), None);
        assert_eq!(read("https___git_lab_example"), None);
        assert_eq!(
            LegacyKey::of(&ServerUrl::parse("https://loom.example:8080/x").unwrap()).as_str(),
            "https___loom_example_8080_x"
        );
    }
}
