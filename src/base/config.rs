//! The settings.
//!
//! Nothing goes in clear: `http` is for loopback hosts and for servers with `allow_http` in the settings. Git is not
//! given what would go in clear, and what git stores for such a server is dropped without an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};
use toml_edit::{DocumentMut, value};

use super::token_settings::TokenSettings;
use super::{
    AccountRule, HttpConfig, Locale, Message, NamedGrants, Scopes, SecondOrigin, ServerConfig, ServerUrl, StoreChoice,
    plain_file, private_file, second_origin,
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
}

/// A setting that `loom config` reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `default_server`: the server that is meant where a command names none.
    DefaultServer,
    /// `store`: where new credentials are kept.
    Store,
    /// `language`: the language of loom's texts.
    Language,
    /// `autologin`: whether git may ask a person to log in, `true` or `false`.
    Autologin,
    /// `lock_after`: after how long without a request the agent locks itself, such as `15m`.
    LockAfter,
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

impl Setting {
    /// Every setting, in the order in which `loom config` lists them.
    pub const ALL: [Setting; 5] =
        [Setting::DefaultServer, Setting::Store, Setting::Language, Setting::Autologin, Setting::LockAfter];

    /// The setting's key in the file.
    pub fn name(self) -> &'static str {
        match self {
            Setting::DefaultServer => "default_server",
            Setting::Store => "store",
            Setting::Language => "language",
            Setting::Autologin => "autologin",
            Setting::LockAfter => "lock_after",
        }
    }

    /// The setting with this key; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Setting> {
        Setting::ALL.into_iter().find(|setting| setting.name() == name)
    }

    /// Reads the setting's value as text from the file at `path`; `None` if the file does not set it.
    pub fn get(self, path: &Path) -> Result<Option<String>, Message> {
        let document = parse_document(path)?;
        let item = document.get(self.name());
        let flag = item.and_then(|item| item.as_bool()).map(|flag| flag.to_string());
        Ok(item.and_then(|item| item.as_str()).map(str::to_owned).or(flag))
    }

    /// Writes the value into the file at `path` and leaves the rest of the file, comments included, as it is. An
    /// invalid value is an error and changes nothing.
    pub fn set(self, path: &Path, new: &str) -> Result<(), Message> {
        let mut document = parse_document(path)?;
        let new = match self {
            Setting::DefaultServer => ServerUrl::from_user(new)
                .map_err(|error| msg!("bad-server", server = new).because(error.message()))?
                .to_string(),
            Setting::Store | Setting::Language | Setting::Autologin | Setting::LockAfter => new.to_owned(),
        };
        document[self.name()] = match (self, new.as_str()) {
            (Setting::Autologin, "true" | "false") => value(new == "true"),
            _ => value(new),
        };
        let text = document.to_string();
        let changed = parse(&text).map_err(|error| not_valid(path, error))?;
        if let Some(server) = changed.default_server().filter(|server| !changed.permits(server)) {
            return Err(msg!("cleartext-refused", server = server));
        }
        let dir = path.parent().unwrap_or(Path::new("."));
        private_file::private_dir(dir).map_err(|error| error.message())?;
        private_file::replace(&behind_links(path), text.as_bytes()).map_err(|error| error.message())
    }
}

/// The file to which a path leads through links, whether it exists or not. People keep settings in a repository and
/// link to them: then that file is replaced and the link stays.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as the system itself follows.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    path
}

/// Reads the settings file as text. Settings are no secret, so it may be readable by others and behind links.
fn read(path: &Path) -> Result<String, Message> {
    match plain_file::read_text(path, plain_file::MAX_TEXT) {
        Ok(text) => Ok(text.to_string()),
        Err(error) if error.is_not_found() => Ok(String::new()),
        Err(error) => Err(error.message()),
    }
}

fn parse(text: &str) -> Result<Config, String> {
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

fn parse_document(path: &Path) -> Result<DocumentMut, Message> {
    let text = read(path)?;
    text.parse().map_err(|error: toml_edit::TomlError| not_valid(path, describe(&text, error.message(), error.span())))
}

fn describe(text: &str, what: &str, span: Option<std::ops::Range<usize>>) -> String {
    match span {
        Some(span) => format!("{what} (line {})", text[..span.start.min(text.len())].matches('\n').count() + 1),
        None => what.to_owned(),
    }
}

fn not_valid(path: &Path, error: impl std::fmt::Display) -> Message {
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
    fn setting_a_value_keeps_comments_and_refuses_nonsense() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "# mine\nlanguage = 'es' # yes\n").unwrap();
        Setting::DefaultServer.set(&path, "Git.Example").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("# mine"), "{text}");
        assert!(text.contains("# yes"), "{text}");
        assert!(text.contains("\"https://git.example\""), "{text}");
        assert!(Setting::Store.set(&path, "floppy").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
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
