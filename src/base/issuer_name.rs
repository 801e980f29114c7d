use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Endpoint, EndpointError};

/// The name of an OpenID provider, which is also the URL at which it is found. It keeps the spelling in which a person
/// wrote it: parsing a URL can add a slash at the end, while tokens and people know the name without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerName {
    written: String,
    at: Endpoint,
}

impl IssuerName {
    /// Parses the URL. Fails unless it is `https`, or `http` on this machine.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        Ok(IssuerName { written: text.to_owned(), at: Endpoint::parse(text)? })
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The URL at which the provider is found.
    pub fn endpoint(&self) -> &Endpoint {
        &self.at
    }

    /// The parsed URL at which the provider is found.
    pub fn url(&self) -> &Url {
        self.at.url()
    }

    /// Whether this text is the issuer's name. A slash at the end of either makes no difference.
    pub fn is(&self, name: &str) -> bool {
        let without = |name: &str| name.trim_end_matches('/').to_owned();
        without(name) == without(self.at.as_str()) || name == self.written
    }
}

impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl TryFrom<String> for IssuerName {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        IssuerName::parse(&text)
    }
}

impl From<IssuerName> for String {
    fn from(name: IssuerName) -> String {
        name.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_said_as_it_was_written_and_known_with_a_slash_and_without() {
        for written in ["https://id.example", "https://id.example/"] {
            let name = IssuerName::parse(written).unwrap();
            assert_eq!((name.as_str(), serde_json::to_value(&name).unwrap()), (written, written.into()));
            assert!(name.is("https://id.example"));
            assert!(name.is("https://id.example/"));
            for other in ["https://id.example.evil.example", "https://id.example/x", "http://id.example", ""] {
                assert!(!name.is(other), "{other}");
            }
        }
        assert!(IssuerName::parse("https://id.example/realms/corp").unwrap().is("https://id.example/realms/corp"));
        assert!(IssuerName::parse("http://id.example").is_err());
    }
}
