//! Which user git means, by URL or directory: the `[[account]]` of the settings.
//!
//! The first that fits counts. It stands in for the user name that git did not name, and nothing else: `select` then
//! works as always, so no rule widens where a credential goes. A user that git names goes before it. A rule whose
//! account is not there yields nothing: the wrong account would be worse than none. The place of a rule's directory is
//! the repository's, as git says it to its helper (`client::place`): `GIT_DIR` is absolute in a clone, whose target is
//! meant, and `.git` in a fetch. Where the top of a work tree is a link to a repository elsewhere (a submodule, a
//! further work tree) the place is the work tree's: whoever wrote such a link into a directory would choose the account
//! else. The front-end sends the path without links and the name that the shell has for it; the agent looks with each
//! question where a rule's directory leads (`agent::accounts::links`), at most a second and not on its own thread,
//! because links change. `agent::verbs::why` decides with the same functions as `get` and says the reasons.

use std::path::{Path, PathBuf};

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

    /// The URL that the rule is for, if it names one.
    pub fn pattern(&self) -> Option<String> {
        self.pattern.as_ref().map(|pattern| pattern.0.to_string())
    }

    /// The directory as it stands in the settings.
    pub fn directory_as_written(&self) -> Option<&str> {
        self.directory.as_deref()
    }

    /// The URL of a rule that is for one path of a server. Git names paths only where `credential.useHttpPath` is set,
    /// so without that setting such a rule never applies.
    pub fn needs_path(&self) -> Option<&ServerUrl> {
        self.pattern.as_ref().map(|pattern| &pattern.0).filter(|url| !url.path().is_empty())
    }

    /// Whether the rule speaks of this server, in its directory if it has one. One that names nothing speaks of
    /// nothing.
    pub fn speaks_of(&self, server: &ServerUrl) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.0.covers(server),
            None => self.directory.is_some(),
        }
    }

    /// The directory in which the rule holds, with everything below it; a leading `~/` is already replaced. `None`
    /// means everywhere.
    pub fn directory(&self) -> Option<PathBuf> {
        self.directory.as_deref().map(|own| from_home(Path::new(own)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> AccountRule {
        toml_edit::de::from_str(text).unwrap()
    }

    #[test]
    fn a_rule_speaks_of_its_server_and_what_lies_below() {
        let url = |text: &str| ServerUrl::parse(text).unwrap();
        let acme = rule("match = 'https://git.example/acme/*'\nuser = 'work'");
        assert!(acme.speaks_of(&url("https://git.example/acme/app.git")));
        assert!(acme.directory().is_none());
        for other in ["https://git.example/acme-evil/app.git", "https://git.example", "https://other.example/acme/x"] {
            assert!(!acme.speaks_of(&url(other)), "{other}");
        }
        let here = rule("match = 'git.example'\ndirectory = '/srv/acme'\nuser = 'work'");
        assert!(here.speaks_of(&url("https://git.example")));
        assert!(!here.speaks_of(&url("https://other.example")));
        assert_eq!(here.directory(), Some(PathBuf::from("/srv/acme")));
        assert!(rule("directory = '/srv'\nuser = 'work'").speaks_of(&url("https://git.example")));
        assert!(!rule("user = 'work'").speaks_of(&url("https://git.example")));
    }
}
