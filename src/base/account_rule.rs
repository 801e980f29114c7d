use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::{ServerUrl, ServerUrlError, from_home};

/// A rule of the config file: for these servers, or in this directory, the account with this user name is meant.
///
/// ```toml
/// [[account]]
/// match = "https://git.example/acme/*"
/// directory = "~/work"
/// user = "me-at-acme"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRule {
    #[serde(rename = "match", default)]
    pattern: Option<UrlPattern>,
    #[serde(default)]
    directory: Option<String>,
    user: String,
}

/// A server, optionally with a path and `/*` for everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UrlPattern(ServerUrl);

impl AccountRule {
    /// The user name of the account that is meant.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The server or directory that the rule is for, as a person would name it.
    pub fn subject(&self) -> String {
        let pattern = self.pattern.as_ref().map(|pattern| pattern.0.to_string());
        [pattern, self.directory.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The URL whose path decides; git names paths only where `credential.useHttpPath` is set.
    pub fn needs_path(&self) -> Option<&ServerUrl> {
        self.pattern.as_ref().map(|pattern| &pattern.0).filter(|url| !url.path().is_empty())
    }

    /// Whether the rule speaks of this server, asked for in this directory. A rule that names nothing speaks of nothing.
    pub fn applies(&self, server: &ServerUrl, directory: Option<&Path>) -> bool {
        let of_server = self.pattern.as_ref().map(|pattern| pattern.0.covers(server));
        let of_directory = self
            .directory
            .as_ref()
            .map(|own| directory.is_some_and(|asked| asked.starts_with(from_home(Path::new(own)))));
        match (of_server, of_directory) {
            (None, None) => false,
            (server, directory) => server.unwrap_or(true) && directory.unwrap_or(true),
        }
    }
}

impl UrlPattern {
    fn parse(text: &str) -> Result<Self, ServerUrlError> {
        ServerUrl::from_user(text.strip_suffix("/*").unwrap_or(text)).map(UrlPattern)
    }
}

impl<'de> Deserialize<'de> for UrlPattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// `~` stands for the home directory; without one it stands for itself and fits nothing.
#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> AccountRule {
        toml_edit::de::from_str(text).unwrap()
    }

    #[test]
    fn a_rule_applies_below_its_path_and_its_directory() {
        let url = |text: &str| ServerUrl::parse(text).unwrap();
        let acme = rule("match = 'https://git.example/acme/*'\nuser = 'work'");
        assert!(acme.applies(&url("https://git.example/acme/app.git"), None));
        for other in ["https://git.example/acme-evil/app.git", "https://git.example", "https://other.example/acme/x"] {
            assert!(!acme.applies(&url(other), None), "{other}");
        }
        let here = rule("match = 'git.example'\ndirectory = '/srv/acme'\nuser = 'work'");
        assert!(here.applies(&url("https://git.example"), Some(Path::new("/srv/acme/app"))));
        assert!(!here.applies(&url("https://git.example"), Some(Path::new("/srv/acmes"))));
        assert!(!here.applies(&url("https://git.example"), None));
        assert!(!rule("user = 'work'").applies(&url("https://git.example"), Some(Path::new("/"))));
    }
}
