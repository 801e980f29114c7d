//! AWS' `credential_process` (AWS SDKs and Tools Reference Guide, "Process credential provider"): one JSON object on
//! standard output, an error on standard error.

use serde::Serialize;
use zeroize::Zeroizing;

use super::text::print_json;
use crate::base::{Expiry, Secret, reveal, reveal_some};

/// An access key: what it is called, and what proves that one has it.
#[derive(Serialize)]
pub struct AwsKey<'a> {
    #[serde(rename = "Version")]
    version: u8,
    #[serde(rename = "AccessKeyId")]
    id: &'a str,
    #[serde(rename = "SecretAccessKey", with = "reveal")]
    secret: &'a Secret,
    #[serde(rename = "SessionToken", with = "reveal_some", skip_serializing_if = "Option::is_none")]
    session: Option<Secret>,
    // Absent, and never empty: a program would not take the key.
    #[serde(rename = "Expiration", skip_serializing_if = "Option::is_none")]
    expires: Option<Expiry>,
}

impl<'a> AwsKey<'a> {
    /// `None` where the id is no id of an access key (IAM API Reference, `AccessKey`).
    pub fn new(id: &'a str, secret: &'a Secret, expires: Option<Expiry>) -> Option<AwsKey<'a>> {
        let is_id =
            (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_id.then_some(AwsKey { version: 1, id, secret, session: None, expires })
    }

    /// Prints it for whoever started the process.
    pub fn print(&self) -> Zeroizing<Vec<u8>> {
        print_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_an_end_names_none() {
        let secret = Secret::new("s/+=".to_owned());
        let said = AwsKey::new("AKIAIOSFODNN7EXAMPLE", &secret, None).unwrap().print();
        let expected =
            "{\"Version\":1,\"AccessKeyId\":\"AKIAIOSFODNN7EXAMPLE\",\"SecretAccessKey\":\"s/+=\"}\n".as_bytes();
        assert_eq!(&**said, expected);
    }

    #[test]
    fn a_user_name_is_no_key() {
        let secret = Secret::new("s".to_owned());
        for id in ["", "oauth2", "alice@corp.example", "AKIA IOSFODNN7EXAMPLE"] {
            assert!(AwsKey::new(id, &secret, None).is_none(), "{id}");
        }
    }
}
