//! The environment of a command that may only do what was granted. Git is led to the relay by settings in variables,
//! which come after those of its files; they add to those that are there. What would lead around the relay is taken
//! away, as far as an environment can: a process of the user's own can still ask the agent itself.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use loom_credentials::base::{Grants, Secret, ServerUrl};

use super::git_settings::{self, Led};
use super::{no_secret, services};
use crate::outside::{Outside, as_variables};
use crate::term;

/// Where the relay is, and what is shown there.
pub(super) struct Ends {
    pub(super) port: String,
    pub(super) socket: PathBuf,
    /// Where the settings of `gh` go.
    pub(super) gh: PathBuf,
    pub(super) token: Secret,
    /// What a person reads for whom git would use SSH.
    pub(super) no_ssh: String,
}

/// What is set, taken away and written down.
pub(super) struct Changes {
    set: Vec<(String, OsString)>,
    removed: BTreeSet<String>,
    file: (PathBuf, String),
}

/// What asks a person, shows something of theirs, or is read by git after everything else.
const LEADS_AROUND: [&str; 6] =
    ["SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "GIT_ASKPASS", "GIT_SSH", "GIT_CONFIG_PARAMETERS"];

/// The hosts by which `gh` knows GitHub itself.
const GITHUB: [&str; 2] = ["github.com", "api.github.com"];

impl Ends {
    /// Stand-ins, where it is only shown what would be set.
    pub(super) fn placeholders(no_ssh: String) -> Ends {
        let dir = PathBuf::from("DIRECTORY");
        let (port, token) = ("PORT".to_owned(), no_secret("TOKEN"));
        Ends { port, socket: dir.join("s"), gh: dir.join("gh"), token, no_ssh }
    }

    pub(super) fn here(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What stands for the origin of a server.
    pub(super) fn base(&self, origin: &ServerUrl) -> String {
        let text = origin.to_string();
        let name = text.split_once("://").map_or(text.as_str(), |(_, name)| name);
        format!("{}/{name}", self.here())
    }
}

/// What a command with these grants is started with, in an environment that has this.
pub(super) fn changes(grants: &Grants, ends: &Ends, led: &[Led], outside: &Outside) -> Changes {
    let token: &OsStr = ends.token.expose().as_ref();
    let origins: BTreeSet<ServerUrl> = grants.iter().map(|grant| grant.origin()).collect();
    let called: BTreeSet<ServerUrl> =
        grants.iter().filter(|grant| grant.repository().is_none()).map(|grant| grant.origin()).collect();
    let mut removed = outside.of_outer();
    removed.extend(LEADS_AROUND.map(str::to_owned));
    removed.extend(services::tokens_of(&origins).map(str::to_owned));
    let mut set: Vec<(String, OsString)> = Vec::new();
    let mut put = |name: &str, value: &OsStr| set.push((name.to_owned(), value.to_owned()));
    put("LOOM_TOKEN", token);
    put("LOOM_PROXY", ends.here().as_ref());
    put("LOOM_GRANTS", grants.to_string().as_ref());
    put("GIT_TERMINAL_PROMPT", "0".as_ref());
    // Keys in files count wherever SSH is begun at all.
    put("GIT_SSH_COMMAND", no_ssh(&ends.no_ssh).as_ref());
    put("GIT_SSH_VARIANT", "ssh".as_ref());
    put("CARGO_NET_GIT_FETCH_WITH_CLI", "true".as_ref());
    let direct = [("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")];
    for (name, other) in direct {
        let said = |name: &str| outside.get(name).filter(|hosts| !hosts.is_empty());
        put(name, &with_loopback(said(name).or_else(|| said(other))));
    }
    for origin in &called {
        let Some(service) = services::of(origin.host()) else { continue };
        if let Some((name, path)) = service.base {
            put(name, format!("{}{path}", ends.base(origin)).as_ref());
        }
        service.key.iter().for_each(|name| put(name, token));
    }
    // Whatever is granted: without a token and a place of its own, `gh` is the person.
    put("GH_CONFIG_DIR", ends.gh.as_os_str());
    put("GH_TOKEN", token);
    put("GH_ENTERPRISE_TOKEN", token);
    if let Some(own) = called.iter().find(|origin| is_own_github(grants, origin))
        && !origins.iter().any(|origin| GITHUB.contains(&origin.host()))
    {
        put("GH_HOST", own.host().as_ref());
    }
    let socket = serde_json::Value::from(ends.socket.to_string_lossy().into_owned());
    let file = (ends.gh.join("config.yml"), format!("version: \"1\"\nhttp_unix_socket: {socket}\n"));
    let mut settings = outside.git_settings();
    settings.extend(git_settings::settings(led, ends).into_iter().map(|(key, value)| (key.into(), value.into())));
    set.extend(as_variables(&settings));
    let names: BTreeSet<&String> = set.iter().map(|(name, _)| name).collect();
    removed.retain(|name| !names.contains(name));
    Changes { set, removed, file }
}

/// Whether `gh` has something to do here that only its socket serves.
pub(super) fn needs_socket(grants: &Grants) -> bool {
    let mut called = grants.iter().filter(|grant| grant.repository().is_none()).map(|grant| grant.origin());
    called.any(|origin| GITHUB.contains(&origin.host()) || is_own_github(grants, &origin))
}

/// Whether this is the API of a GitHub that somebody runs.
fn is_own_github(grants: &Grants, origin: &ServerUrl) -> bool {
    let prefix = format!(" {origin}/api/");
    let calls = grants.iter().filter(|grant| grant.repository().is_none()).map(ToString::to_string);
    let below = calls.filter_map(|call| Some(call.split_once(&prefix)?.1.to_owned()));
    let mut first = below.map(|path| path.split('/').next().unwrap_or_default().to_owned());
    first.any(|segment| matches!(segment.as_str(), "v3" | "graphql"))
}

/// A program in the place of SSH that says why there is none.
fn no_ssh(why: &str) -> String {
    format!("printf '%s\\n' '{}' >&2; false", why.replace('\'', r"'\''"))
}

/// The hosts that are asked without a proxy, the relay among them. A `*` alone means all.
fn with_loopback(hosts: Option<&OsStr>) -> OsString {
    match hosts {
        Some(all) if all == "*" => all.to_owned(),
        Some(hosts) => [hosts, OsStr::new(",127.0.0.1,localhost")].into_iter().collect(),
        None => "127.0.0.1,localhost".into(),
    }
}

impl Changes {
    pub(super) fn apply(&self, command: &mut Command) {
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
    }

    /// Writes the settings of programs that read a file.
    pub(super) fn write_files(&self) -> std::io::Result<()> {
        let (path, text) = &self.file;
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, text)
    }

    /// Shows them as lines for a shell.
    pub(super) fn print(&self) {
        self.removed.iter().for_each(|name| term::data_line(&format!("unset {name}")));
        for (name, value) in &self.set {
            let quoted = value.to_string_lossy().replace('\'', r"'\''");
            term::data_line(&format!("export {name}='{quoted}'"));
        }
        let (path, text) = &self.file;
        term::data_line(&format!("# {}", path.display()));
        text.lines().for_each(|line| term::data_line(&format!("#   {line}")));
    }
}

#[cfg(test)]
mod tests {
    use loom_credentials::base::Grant;

    use super::*;

    fn made(grants: &[&str], outside: &[(&str, &str)]) -> Changes {
        let grants = Grants::new(grants.iter().map(|text| Grant::parse(text).unwrap())).unwrap();
        let users = [(ServerUrl::parse("https://git.example").unwrap(), "al@corp".to_owned())].into();
        let ends = Ends {
            port: "7".into(),
            socket: "/there/s".into(),
            gh: "/there/gh".into(),
            token: no_secret("loom_x"),
            no_ssh: "it's off".into(),
        };
        let led = git_settings::led(&grants, &ends, &users, &[]);
        let outside = outside.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        changes(&grants, &ends, &led, &outside.collect())
    }

    fn value(changes: &Changes, name: &str) -> Option<String> {
        changes.set.iter().find(|(own, _)| own == name).map(|(_, value)| value.to_string_lossy().into_owned())
    }

    /// Git's settings by key.
    fn git(changes: &Changes, key: &str) -> Vec<String> {
        let count: usize = value(changes, "GIT_CONFIG_COUNT").unwrap().parse().unwrap();
        let pair = |at: usize| {
            Some((value(changes, &format!("GIT_CONFIG_KEY_{at}"))?, value(changes, &format!("GIT_CONFIG_VALUE_{at}"))?))
        };
        (0..count).filter_map(pair).filter(|(own, _)| own == key).map(|(_, value)| value).collect()
    }

    /// Threat 9: what leads around the relay.
    #[test]
    fn git_is_led_to_the_relay_from_every_spelling_and_asks_nobody_else() {
        let outside = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "user.name"), ("GIT_CONFIG_VALUE_0", "me")];
        let changes = made(&["push https://git.example/org/app agent/*"], &outside);
        assert_eq!(git(&changes, "user.name"), ["me"], "what is there stays");
        let base = "url.http://127.0.0.1:7/git.example/org/app";
        let spellings = [
            "https://git.example/org/app",
            "https://git.example/org/app.git",
            "https://al%40corp@git.example/org/app",
            "https://al@corp@git.example/org/app",
            "https://git@git.example/org/app",
            "ssh://git@git.example/org/app",
            "git@git.example:org/app",
            "git@git.example:/org/app",
            "ssh://git.example/org/app",
            "git.example:org/app",
            "git.example:/org/app",
        ];
        for key in ["insteadOf", "pushInsteadOf"] {
            let mut led = git(&changes, &format!("{base}.{key}"));
            led.sort();
            let mut all = spellings.to_vec();
            all.sort_unstable();
            assert_eq!(led, all);
        }
        let here = "http.http://127.0.0.1:7/";
        assert_eq!(git(&changes, &format!("{here}.extraHeader")), ["", "Authorization: Bearer loom_x"]);
        assert_eq!(git(&changes, &format!("{here}.proxy")), [""]);
        for empty in ["credential.helper", "core.askPass"] {
            assert_eq!(git(&changes, empty), [""], "{empty}");
        }
        assert_eq!(value(&changes, "GIT_TERMINAL_PROMPT").as_deref(), Some("0"));
        for name in LEADS_AROUND {
            assert!(changes.removed.contains(name), "{name}");
        }
        assert!(!changes.removed.contains("GITHUB_TOKEN"), "of a server that is not granted");
        assert_eq!(value(&changes, "GIT_SSH_COMMAND").unwrap(), r"printf '%s\n' 'it'\''s off' >&2; false");
    }

    #[test]
    fn known_programs_are_told_of_the_relay_where_their_server_is_granted() {
        let changes = made(&["GET https://api.github.com/**", "POST https://api.openai.com/v1/**"], &[]);
        assert_eq!(value(&changes, "OPENAI_BASE_URL").as_deref(), Some("http://127.0.0.1:7/api.openai.com/v1"));
        assert_eq!(value(&changes, "OPENAI_API_KEY").as_deref(), Some("loom_x"));
        assert_eq!(value(&changes, "GH_TOKEN").as_deref(), Some("loom_x"));
        assert_eq!(value(&changes, "GH_CONFIG_DIR").as_deref(), Some("/there/gh"));
        assert!(changes.removed.contains("GITHUB_TOKEN"));
        assert_eq!(changes.file.1, "version: \"1\"\nhttp_unix_socket: \"/there/s\"\n");
        let own = made(&["ANY https://git.corp.example/api/v3/**"], &[]);
        assert_eq!(value(&own, "GH_HOST").as_deref(), Some("git.corp.example"));
        assert_eq!(value(&own, "GH_ENTERPRISE_TOKEN").as_deref(), Some("loom_x"));
        assert_eq!(value(&own, "LOOM_GRANTS").as_deref(), Some("ANY https://git.corp.example/api/v3/**"));
    }

    #[test]
    fn a_program_of_githubs_is_nobody_where_nothing_of_it_is_granted() {
        let changes = made(&["push https://github.com/org/app agent/*"], &[("GH_TOKEN", "ghp_of_the_person")]);
        for name in ["GH_TOKEN", "GH_ENTERPRISE_TOKEN"] {
            assert_eq!(value(&changes, name).as_deref(), Some("loom_x"));
        }
        assert_eq!(value(&changes, "GH_CONFIG_DIR").as_deref(), Some("/there/gh"));
        assert!(changes.file.1.contains("/there/s"), "what it asks goes to the relay, which refuses it");
        for other in ["GET https://openproject.example/api/v3x/**", "push https://git.corp.example/api/v3/app *"] {
            assert_eq!(value(&made(&[other], &[]), "GH_HOST"), None, "{other}");
        }
        let both = ["ANY https://git.corp.example/api/v3/**", "push https://github.com/org/app *"];
        assert_eq!(value(&made(&both, &[]), "GH_HOST"), None);
    }

    #[test]
    fn hosts_that_are_asked_without_a_proxy_stay_so() {
        for (name, said, both) in [
            ("NO_PROXY", "corp.example", "corp.example,127.0.0.1,localhost"),
            ("no_proxy", "corp.example", "corp.example,127.0.0.1,localhost"),
            ("NO_PROXY", "*", "*"),
            ("OTHER", "x", "127.0.0.1,localhost"),
        ] {
            let changes = made(&["fetch https://git.example/org/app"], &[(name, said)]);
            for name in ["NO_PROXY", "no_proxy"] {
                assert_eq!(value(&changes, name).as_deref(), Some(both));
            }
        }
    }

    #[test]
    fn an_inner_command_gets_nothing_of_the_outer_one() {
        let outside = [
            ("LOOM_TOKEN", "loom_outer"),
            ("LOOM_PROXY", "http://127.0.0.1:9"),
            ("OPENAI_API_KEY", "loom_outer"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:9/git.example/org/app.insteadOf"),
            ("GIT_CONFIG_VALUE_0", "https://git.example/org/app"),
            ("GIT_CONFIG_PARAMETERS", "'credential.helper=store'"),
        ];
        let changes = made(&["fetch https://git.example/org/app"], &outside);
        for name in ["OPENAI_API_KEY", "GIT_CONFIG_PARAMETERS"] {
            assert!(changes.removed.contains(name), "{name}");
        }
        let set = changes.set.iter().map(|(_, value)| value.to_string_lossy());
        assert!(set.into_iter().all(|value| !value.contains("loom_outer") && !value.contains(":9/")));
    }
}
