//! Git's configuration is asked, not guessed.
//!
//! Of single values the most specific counts for git, helpers it asks in the order of its files, and an empty one makes
//! it forget those before (`git::configuration`, seen with both gits). `loom why` and `loom setup git` read every
//! `credential.*` in one call of git, which has five seconds. The path that setup writes is the one that `PATH` has:
//! what a link there leads to may have a version in its name, and be gone with the next.

use percent_encoding::percent_decode_str;

use crate::base::ServerUrl;

/// What git's configuration says about credentials: every `credential.*`, in the order in which git reads it.
#[derive(Debug, Default)]
pub struct Configuration(Vec<Entry>);

/// `credential.PATTERN.KEY = VALUE`, or without a pattern.
#[derive(Debug)]
struct Entry {
    scope: Scope,
    pattern: Option<String>,
    key: String,
    value: String,
}

/// Which of git's files an entry stands in (git-config(1), "SCOPES").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The repository's own file.
    Local,
    /// The file of this one work tree (`extensions.worktreeConfig`).
    Worktree,
    /// The person's file, the system's, or the command line of git.
    Other,
}

/// The helpers that git asks for one URL (gitcredentials(7), "credential.helper").
#[derive(Debug, Default)]
pub struct Helpers<'a> {
    /// The helpers' commands as they stand in the configuration, in the order in which git asks them.
    pub asked: Vec<&'a str>,
    /// The file in which an empty value last made git forget the helpers before it, if one did.
    pub emptied: Option<Scope>,
}

impl Configuration {
    /// The arguments with which git prints what [`parse`](Self::parse) reads.
    pub const ARGUMENTS: [&'static str; 5] = ["config", "-z", "--show-scope", "--get-regexp", "^credential\\."];

    /// Parses what git prints: for each entry its scope, and its key and value with a line feed between. What is no
    /// entry of `credential.*` is left out.
    pub fn parse(said: &[u8]) -> Configuration {
        let said = String::from_utf8_lossy(said);
        let mut parts = said.split('\0');
        let mut entries = Vec::new();
        while let (Some(scope), Some(entry)) = (parts.next(), parts.next()) {
            let (name, value) = entry.split_once('\n').unwrap_or((entry, ""));
            let Some(name) = name.strip_prefix("credential.") else { continue };
            let (pattern, key) = name.rsplit_once('.').map_or((None, name), |(pattern, key)| (Some(pattern), key));
            let scope = match scope {
                "local" => Scope::Local,
                "worktree" => Scope::Worktree,
                _ => Scope::Other,
            };
            let pattern = pattern.map(str::to_owned);
            entries.push(Entry { scope, pattern, key: key.to_ascii_lowercase(), value: value.to_owned() });
        }
        Configuration(entries)
    }

    /// The helpers for a URL with this user in it. An empty value in the configuration makes git forget those before
    /// it.
    pub fn helpers(&self, server: &ServerUrl, user: Option<&str>) -> Helpers<'_> {
        let fits = |entry: &&Entry| entry.pattern.as_deref().is_none_or(|own| rank(own, server, user).is_some());
        self.list(fits)
    }

    /// The helpers for a URL for which the configuration has no pattern.
    pub fn common_helpers(&self) -> Helpers<'_> {
        self.list(|entry| entry.pattern.is_none())
    }

    /// The user that git names for a URL that names none.
    pub fn username(&self, server: &ServerUrl) -> Option<&str> {
        self.best("username", server, None).filter(|user| !user.is_empty())
    }

    /// Whether git names the path of this URL to its helpers; for other schemes than `http` and `https` it always does.
    pub fn names_path(&self, server: &ServerUrl, user: Option<&str>) -> bool {
        let value = self.best("usehttppath", server, user).map(str::to_ascii_lowercase);
        !matches!(server.scheme(), "http" | "https")
            || value.is_some_and(|value| !matches!(&*value, "false" | "no" | "off" | "0"))
    }

    /// The URLs that have a list of helpers of their own, each once, as they stand in the configuration.
    pub fn patterns(&self) -> Vec<&str> {
        let mut patterns = Vec::new();
        let of_helpers = self.0.iter().filter(|entry| entry.key == "helper");
        for pattern in of_helpers.filter_map(|entry| entry.pattern.as_deref()) {
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        patterns
    }

    fn list<'a>(&'a self, fits: impl Fn(&&'a Entry) -> bool) -> Helpers<'a> {
        let mut helpers = Helpers::default();
        for entry in self.0.iter().filter(|entry| entry.key == "helper").filter(fits) {
            match entry.value.as_str() {
                "" => helpers = Helpers { asked: Vec::new(), emptied: Some(entry.scope) },
                value => helpers.asked.push(value),
            }
        }
        helpers
    }

    /// The value of the entry that says most about the URL, of several the last.
    fn best(&self, key: &str, server: &ServerUrl, user: Option<&str>) -> Option<&str> {
        let of_key = self.0.iter().filter(|entry| entry.key == key);
        let ranked = of_key.filter_map(|entry| match &entry.pattern {
            Some(pattern) => rank(pattern, server, user).map(|rank| (Some(rank), entry)),
            None => Some((None, entry)),
        });
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, entry)| entry.value.as_str())
    }
}

/// A server that a pattern of [`Configuration::patterns`] fits, and the user in the pattern, to say what git does
/// there; `None` if no server's URL would fit.
pub fn example(pattern: &str) -> Option<(ServerUrl, Option<String>)> {
    let parts = Parts::of(pattern)?;
    let host =
        parts.host.split('.').map(|label| if label == "*" { "any" } else { label }).collect::<Vec<_>>().join(".");
    let path = if parts.path.is_empty() { String::new() } else { format!("/{}", parts.path) };
    let server = ServerUrl::parse(&format!("{}://{host}{path}", parts.scheme.as_deref().unwrap_or("https"))).ok()?;
    Some((server, parts.user))
}

/// How much a pattern says about a URL: the length of host and path, and whether it names the user. `None` if it does
/// not fit (git-config(1), `http.<url>.*`; gitcredentials(7), "configuration options").
fn rank(pattern: &str, server: &ServerUrl, user: Option<&str>) -> Option<(usize, usize, bool)> {
    let own = Parts::of(pattern)?;
    let asked = Parts::of(&server.to_string())?;
    if own.user.is_some() && own.user.as_deref() != user {
        return None;
    }
    let rank = (own.host.len(), own.path.len(), own.user.is_some());
    let Some(scheme) = &own.scheme else {
        // Without a scheme git compares the parts as they are, as far as there are any.
        let same = (own.host.is_empty() || own.host == asked.host) && (own.path.is_empty() || own.path == asked.path);
        return same.then_some(rank);
    };
    let same_labels = || {
        let (own, asked) = (own.host.split('.'), asked.host.split('.'));
        own.clone().count() == asked.clone().count() && own.zip(asked).all(|(own, asked)| own == "*" || own == asked)
    };
    let below = asked.path.strip_prefix(&own.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let fits = Some(scheme) == asked.scheme.as_ref()
        && (own.host.is_empty() || same_labels())
        && (own.path.is_empty() || below);
    fits.then_some(rank)
}

/// A URL or the part of one that stands in a key of git's configuration.
struct Parts {
    scheme: Option<String>,
    user: Option<String>,
    /// With the port, if it is not the usual one.
    host: String,
    /// Decoded, without slashes at its ends.
    path: String,
}

impl Parts {
    fn of(text: &str) -> Option<Parts> {
        let decoded = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let scheme = scheme.map(str::to_ascii_lowercase);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(decoded(user.split(':').next().unwrap_or(user))?), host),
            None => (None, authority),
        };
        let usual = match scheme.as_deref() {
            Some("https") => ":443",
            Some("http") => ":80",
            _ => "",
        };
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(usual).unwrap_or(&host).to_owned();
        Some(Parts { scheme, user, host, path: decoded(path)?.trim_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scope, key, value.
    fn configuration(entries: &[(&str, &str, &str)]) -> Configuration {
        let said: String =
            entries.iter().map(|(scope, key, value)| format!("{scope}\0credential.{key}\n{value}\0")).collect();
        Configuration::parse(said.as_bytes())
    }

    fn helpers(entries: &[(&str, &str, &str)], url: &str, user: Option<&str>) -> Vec<String> {
        let configuration = configuration(entries);
        let found = configuration.helpers(&ServerUrl::parse(url).unwrap(), user);
        found.asked.into_iter().map(str::to_owned).collect()
    }

    /// Seen with git 2.39 and 2.47.
    #[test]
    fn a_pattern_fits_as_it_does_for_git() {
        let fits = |pattern: &str, url: &str, user| {
            let key = format!("{pattern}.helper");
            !helpers(&[("global", &key, "h")], url, user).is_empty()
        };
        let url = "https://h.example/x";
        for (pattern, url) in [
            ("https://h.example", url),
            ("HTTPS://h.Example:443", url),
            ("https://*.h.example", "https://a.h.example/x"),
            ("https://h.example/acme", "https://h.example/acme/x.git"),
            ("https://h.example/acme/", "https://h.example/acme/x.git"),
            ("https://h.example/a b", "https://h.example/a%20b"),
            ("h.example", url),
            ("h.example/x", url),
            ("https://", url),
            ("/x", url),
        ] {
            assert!(fits(pattern, url, None), "{pattern} {url}");
        }
        for (pattern, url) in [
            ("http://h.example", url),
            ("https://*.h.example", "https://b.a.h.example/x"),
            ("https://a*.h.example", "https://ab.h.example/x"),
            ("https://h.example", "https://h.example:8443/x"),
            ("https://h.example/acme", "https://h.example/acme-x"),
            ("https://h.example/acme", "https://h.example"),
            ("https://al@h.example", url),
            ("h.example", "https://h.example:444/x"),
            ("h.example/x", "https://h.example/x/y"),
        ] {
            assert!(!fits(pattern, url, None), "{pattern} {url}");
        }
        assert!(fits("https://al@h.example", url, Some("al")));
        assert!(!fits("https://al@h.example", url, Some("bob")));
        assert!(fits("al@h.example", url, Some("al")));
    }

    #[test]
    fn an_empty_value_forgets_what_stood_before_it() {
        let gh = [
            ("global", "helper", "loom"),
            ("global", "https://github.com.helper", ""),
            ("global", "https://github.com.helper", "!gh"),
        ];
        assert_eq!(helpers(&gh, "https://github.com/a/b", None), ["!gh"]);
        assert_eq!(helpers(&gh, "https://gitlab.com/a/b", None), ["loom"]);
        let later = [&gh[1..], &gh[..1]].concat();
        assert_eq!(helpers(&later, "https://github.com/a/b", None), ["!gh", "loom"], "the order of the file counts");
        let own = configuration(&[&gh[..], &[("local", "helper", "")]].concat());
        assert_eq!((own.common_helpers().asked.len(), own.common_helpers().emptied), (0, Some(Scope::Local)));
        assert_eq!(own.patterns(), ["https://github.com"]);
        assert_eq!(example("https://*.h.example/a").unwrap().0.to_string(), "https://any.h.example/a");
    }

    #[test]
    fn of_single_values_the_one_that_says_most_counts() {
        let names = configuration(&[
            ("global", "https://h.example.username", "two"),
            ("global", "username", "one"),
            ("global", "https://h.example.usehttppath", "true"),
            ("local", "usehttppath", "false"),
        ]);
        let url = |text| ServerUrl::parse(text).unwrap();
        assert_eq!(names.username(&url("https://h.example/x")), Some("two"));
        assert_eq!(names.username(&url("https://other.example")), Some("one"));
        assert!(names.names_path(&url("https://h.example/x"), None));
        assert!(!names.names_path(&url("https://other.example/x"), None));
        assert!(names.names_path(&url("smtp://other.example/x"), None));
    }
}
