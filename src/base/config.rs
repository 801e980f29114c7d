//! The settings.
//!
//! Nothing goes in clear: `http` is for loopback hosts and for servers with `allow_http` in the settings. Git is not
//! given what would go in clear, and what git stores for such a server is dropped without an error.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};
use toml_edit::DocumentMut;

use super::token_settings::TokenSettings;
use super::{
    AccountRule, HttpConfig, Locale, Message, NamedGrants, Scopes, SecondOrigin, ServerConfig, ServerUrl, StoreChoice,
    plain_file, second_origin,
};
use crate::msg;

/// The user's settings, from `config.toml`; see loom.toml(5).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default)]
    default_server: Option<ServerUrl>,
    #[serde(default)]
    store: StoreChoice,
    #[serde(default)]
    language: Option<Locale>,
    #[serde(default)]
    autologin: Option<bool>,
    #[serde(default, deserialize_with = "time")]
    lock_after: Option<Duration>,
    #[serde(default)]
    tokens: TokenSettings,
    #[serde(default)]
    roles: BTreeMap<String, Scopes>,
    #[serde(default)]
    http: Option<HttpConfig>,
    #[serde(default)]
    server: Vec<ServerConfig>,
    #[serde(default)]
    account: Vec<AccountRule>,
    #[serde(default)]
    grants: Vec<NamedGrants>,
    #[serde(default)]
    default_accounts: BTreeMap<ServerUrl, String>,
}

impl Config {
    /// Reads the settings file. A missing file means the default of every setting; a file that does not parse is an
    /// error and never a default.
    pub fn load(path: &Path) -> Result<Config, Message> {
        parse(&read(path)?).map_err(|error| not_valid(path, error))
    }

    /// The server that is meant where a command names none, if one is set.
    pub fn default_server(&self) -> Option<&ServerUrl> {
        self.default_server.as_ref()
    }

    /// Where new credentials are kept.
    pub fn store(&self) -> StoreChoice {
        self.store
    }

    /// Whether git may ask a person to log in; true unless the settings say otherwise.
    pub fn autologin(&self) -> bool {
        self.autologin.unwrap_or(true)
    }

    /// How long without a request for a credential before the agent locks itself; `None` means never.
    pub fn lock_after(&self) -> Option<Duration> {
        self.lock_after
    }

    /// How many days a newly issued token is valid if its request does not say; 90 unless set.
    pub fn token_days(&self) -> u32 {
        self.tokens.default_days
    }

    /// How many days an issued token can be valid at most; 365 unless set.
    pub fn max_token_days(&self) -> u32 {
        self.tokens.max_days
    }

    /// How many issued tokens may be active at once; 10 unless set.
    pub fn max_active_tokens(&self) -> usize {
        self.tokens.max_active
    }

    /// Roles that the settings define beside the four built-in ones ([`Role`](super::Role)), each with its scopes.
    pub fn roles(&self) -> &BTreeMap<String, Scopes> {
        &self.roles
    }

    /// The agent's HTTP door, if the settings want one.
    pub fn http(&self) -> Option<&HttpConfig> {
        self.http.as_ref()
    }

    /// The language of loom's texts, if one is set.
    pub fn language(&self) -> Option<Locale> {
        self.language
    }

    /// The `[[account]]` rules in the order of the file: the first that fits decides.
    pub fn rules(&self) -> &[AccountRule] {
        &self.account
    }

    /// The grants with this name; each has one.
    pub fn grants(&self, name: &str) -> Option<&NamedGrants> {
        self.grants.iter().find(|grants| grants.name == name)
    }

    /// The `[[server]]` entry for this server: of the entries that cover it, the one with the longest path.
    pub fn server(&self, server: &ServerUrl) -> Option<&ServerConfig> {
        let entries = self.server.iter().filter(|entry| entry.url.covers(server));
        entries.max_by_key(|entry| entry.url.path().len())
    }

    /// The user name of the account that is meant at exactly this server where none is named, if the settings say so.
    pub fn default_account(&self, server: &ServerUrl) -> Option<&str> {
        self.default_accounts.get(server).map(String::as_str)
    }

    /// Which login the settings have used at this server beside those that are kept for it.
    pub fn second_origin(&self, server: &ServerUrl) -> Option<SecondOrigin<'_>> {
        SecondOrigin::of(self.server(server)?)
    }

    /// Whether an account of this server would stand before one that is used there or below as at a second origin.
    pub fn is_before_second_origin(&self, server: &ServerUrl) -> bool {
        self.second_origins().any(|second| second.url().covers(server) || server.covers(second.url()))
    }

    /// Every login that the settings have used at a second origin.
    pub fn second_origins(&self) -> impl Iterator<Item = SecondOrigin<'_>> {
        self.server.iter().filter_map(SecondOrigin::of)
    }

    /// Whether a password that git approved for this server is stored. The settings turn this off where another helper
    /// makes passwords that are valid for a short time only.
    pub fn keeps_approved(&self, server: &ServerUrl) -> bool {
        self.server(server).is_none_or(|entry| entry.keep)
    }

    /// Whether credentials may be sent to this server: it is reached over an encrypted connection, it is this machine,
    /// or the settings allow clear text for it (`allow_http`).
    pub fn permits(&self, server: &ServerUrl) -> bool {
        !server.is_cleartext() || self.server.iter().any(|entry| entry.allow_http && entry.url.covers(server))
    }
}

/// Reads the settings file as text. Settings are no secret, so it may be readable by others and behind links.
fn read(path: &Path) -> Result<String, Message> {
    match plain_file::read_text(path, plain_file::MAX_TEXT) {
        Ok(text) => Ok(text.to_string()),
        Err(error) if error.is_not_found() => Ok(String::new()),
        Err(error) => Err(error.message()),
    }
}

pub(super) fn parse(text: &str) -> Result<Config, String> {
    let config: Config =
        toml_edit::de::from_str(text).map_err(|error| describe(text, error.message(), error.span()))?;
    second_origin::check(&config.server)?;
    let is_again = |at: usize| config.grants[..at].iter().any(|grants| grants.name == config.grants[at].name);
    if let Some(at) = (0..config.grants.len()).find(|at| is_again(*at)) {
        return Err(format!("two [[grants]] are called {}", config.grants[at].name));
    }
    Ok(config)
}

/// A time such as `15m` or `1h 30m`.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let time = SignedDuration::deserialize(from)?;
    time.try_into().map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn parse_document(path: &Path) -> Result<DocumentMut, Message> {
    let text = read(path)?;
    text.parse().map_err(|error: toml_edit::TomlError| not_valid(path, describe(&text, error.message(), error.span())))
}

fn describe(text: &str, what: &str, span: Option<std::ops::Range<usize>>) -> String {
    match span {
        Some(span) => format!("{what} (line {})", text[..span.start.min(text.len())].matches('\n').count() + 1),
        None => what.to_owned(),
    }
}

pub(super) fn not_valid(path: &Path, error: impl std::fmt::Display) -> Message {
    msg!("config-invalid", path = path.display(), error = error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleartext_is_for_loopback_or_for_servers_named_in_the_config() {
        let config = parse("[[server]]\nurl = 'http://dev.example:8080'\nallow_http = true\n").unwrap();
        let permits = |url| config.permits(&ServerUrl::parse(url).unwrap());
        assert!(permits("https://git.example"));
        assert!(permits("http://127.0.0.1:3000"));
        assert!(permits("http://dev.example:8080/x"));
        assert!(!permits("http://dev.example"));
        assert!(!permits("http://git.example"));
    }

    #[test]
    fn grants_have_a_name_of_their_own_and_are_read_with_the_settings() {
        let entry = |name: &str, allow: &str| format!("[[grants]]\nname = '{name}'\nallow = [{allow}]\n");
        let good = entry("agent", "'push agent/*', 'GET https://api.example/v1/**'");
        let config = parse(&good).unwrap();
        assert_eq!(config.grants("agent").unwrap().sentences()[0], "push agent/*");
        assert!(config.grants("ci").is_none());
        for bad in [entry("a", "'pull x'"), entry("a", ""), entry("a", "'push'"), good.repeat(2), good + "role = 'x'\n"]
        {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_with_an_error_names_the_line() {
        let error = parse("store = 'file'\nstroe = 1\n").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }
}
