//! A login that is also used at a second origin: a registry beside its git host, for example.
//!
//! A credential goes to its own origin only. The one exception is what the settings say in so many words: an entry
//! `[[server]]` with `login`, which is never guessed from a request and never followed twice.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::{ServerConfig, ServerUrl};

/// The longest user name that a setting may have, in bytes: longer ones are no names.
const MAX_USERNAME: usize = 256;

/// That the accounts of one server are offered at another one, and under which name they are sent there.
#[derive(Clone, Copy, Debug)]
pub struct SecondOrigin<'c> {
    url: &'c ServerUrl,
    login: &'c ServerUrl,
    username: Option<&'c str>,
}

impl<'c> SecondOrigin<'c> {
    /// What this entry of the settings says of it; `None` where it names no login.
    pub(super) fn of(entry: &'c ServerConfig) -> Option<SecondOrigin<'c>> {
        let (url, login) = (&entry.url, entry.login.as_ref()?);
        Some(SecondOrigin { url, login, username: entry.username.as_deref() })
    }

    /// Where the accounts are offered: there and below its path.
    pub fn url(&self) -> &'c ServerUrl {
        self.url
    }

    /// Whose accounts are offered.
    pub fn login(&self) -> &'c ServerUrl {
        self.login
    }

    /// Whether an account that is kept for this server is offered: it counts for all of what the settings name.
    pub fn lends(&self, server: &ServerUrl) -> bool {
        server.covers(self.login)
    }

    /// The user name that is sent with such an account in the place of its usual one.
    pub fn username(&self) -> Option<&'c str> {
        self.username
    }
}

/// Whether the entries can mean what they say: a login is lent by the server that has it, to another origin.
pub(super) fn check(entries: &[ServerConfig]) -> Result<(), String> {
    let longest = |server: &ServerUrl| {
        let covering = entries.iter().filter(|entry| entry.url.covers(server));
        covering.max_by_key(|entry| entry.url.path().len())
    };
    for entry in entries {
        let (url, Some(login)) = (&entry.url, &entry.login) else {
            if entry.username.is_some() {
                return Err(format!("`username` of {} needs `login`", entry.url));
            }
            continue;
        };
        if !is_web(url) || !is_web(login) {
            return Err(format!("`login` of {url} is for https and http"));
        }
        if url.same_origin(login) {
            return Err(format!("`login` of {url} names the same host"));
        }
        if longest(login).is_some_and(|other| other.login.is_some()) {
            return Err(format!("`login` of {url} names a server that has `login` itself"));
        }
    }
    Ok(())
}

/// Reads a user name as a header of HTTP can carry it (RFC 7617, 2).
pub(super) fn username<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(from)?;
    let is_name =
        !name.is_empty() && name.len() <= MAX_USERNAME && !name.contains(|c: char| c == ':' || c.is_control());
    if is_name { Ok(Some(name)) } else { Err(D::Error::custom("a user name is not empty and has no colon")) }
}

fn is_web(server: &ServerUrl) -> bool {
    matches!(server.scheme(), "https" | "http")
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path).map_err(|message| super::super::Locale::En.render(&message))
    }

    #[test]
    fn a_login_is_lent_where_the_settings_say_so_and_nowhere_else() {
        let config = read(
            "[[server]]\nurl = 'https://registry.example/team'\nlogin = 'https://git.example/org'\nusername = 'me'\n",
        )
        .unwrap();
        let url = |text: &str| ServerUrl::parse(text).unwrap();
        for there in ["https://registry.example/team", "https://registry.example/team/app"] {
            let second = config.second_origin(&url(there)).unwrap();
            assert_eq!((second.login(), second.username()), (&url("https://git.example/org"), Some("me")));
            assert!(second.lends(&url("https://git.example")), "what counts for the whole host counts for its paths");
            assert!(!second.lends(&url("https://git.example/org/app")), "and not the other way about");
        }
        for elsewhere in ["https://registry.example", "https://registry.example/teams", "http://registry.example/team"]
        {
            assert!(config.second_origin(&url(elsewhere)).is_none(), "{elsewhere}");
        }
    }

    #[test]
    fn what_is_lent_is_not_lent_on_and_nonsense_is_an_error() {
        let entry = |url: &str, more: &str| format!("[[server]]\nurl = '{url}'\n{more}\n");
        for (text, why) in [
            (
                entry("https://a.example", "login = 'https://b.example/x'")
                    + &entry("https://b.example", "login = 'https://c.example'"),
                "itself",
            ),
            (entry("https://a.example/x", "login = 'https://a.example'"), "same host"),
            (entry("https://a.example", "login = 'smtp://b.example'"), "https and http"),
            (entry("https://a.example", "username = 'u'"), "needs `login`"),
            (entry("https://a.example", "login = 'https://b.example'\nusername = 'a:b'"), "no colon"),
            (entry("https://a.example", "login = 'https://b.example'\nusername = ''"), "not empty"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
