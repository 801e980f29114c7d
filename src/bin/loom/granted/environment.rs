//! The environment of a command that may only do what was granted. Git is led to the relay by settings in variables,
//! which it reads last; they add to those that are there. What would lead around the relay is taken away, as far as an
//! environment can: a process of the user's own can still ask the agent itself.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use loom_credentials::base::{Grants, Repository, Secret, ServerUrl};

use super::{no_secret, services};
use crate::term;

/// Where the relay is, and what is shown there.
pub(super) struct Ends {
    pub(super) port: String,
    pub(super) socket: Option<PathBuf>,
    /// Where the settings of `gh` go.
    pub(super) gh: Option<PathBuf>,
    pub(super) token: Secret,
}

/// What is set, taken away and written down.
pub(super) struct Changes {
    set: Vec<(String, OsString)>,
    removed: BTreeSet<&'static str>,
    file: Option<(PathBuf, String)>,
}

/// What asks a person, or shows something of theirs, beside the agent.
const LEADS_AROUND: [&str; 7] = [
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
];

impl Ends {
    /// Stand-ins, where it is only shown what would be set.
    pub(super) fn placeholders() -> Ends {
        let dir = PathBuf::from("DIRECTORY");
        let (port, token) = ("PORT".to_owned(), no_secret("TOKEN"));
        Ends { port, socket: Some(dir.join("s")), gh: Some(dir.join("gh")), token }
    }

    fn here(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What stands for the origin of a server.
    fn base(&self, origin: &ServerUrl) -> String {
        let text = origin.to_string();
        let name = text.split_once("://").map_or(text.as_str(), |(_, name)| name);
        format!("{}/{name}", self.here())
    }
}

/// What a command with these grants is started with; `outside` says what the environment has.
pub(super) fn changes(
    grants: &Grants,
    ends: &Ends,
    users: &BTreeSet<(ServerUrl, String)>,
    outside: &dyn Fn(&str) -> Option<OsString>,
) -> Changes {
    let token = ends.token.expose();
    let origins: BTreeSet<ServerUrl> = grants.iter().map(|grant| grant.origin()).collect();
    let called: BTreeSet<ServerUrl> =
        grants.iter().filter(|grant| grant.repository().is_none()).map(|grant| grant.origin()).collect();
    let mut removed: BTreeSet<&'static str> = LEADS_AROUND.into();
    let mut set: Vec<(String, OsString)> = Vec::new();
    let mut put = |name: &str, value: &OsStr| set.push((name.to_owned(), value.to_owned()));
    put("LOOM_TOKEN", token.as_ref());
    put("LOOM_PROXY", ends.here().as_ref());
    put("LOOM_GRANTS", grants.to_string().as_ref());
    put("GIT_TERMINAL_PROMPT", "0".as_ref());
    put("CARGO_NET_GIT_FETCH_WITH_CLI", "true".as_ref());
    for name in ["NO_PROXY", "no_proxy"] {
        let mut hosts = outside(name).filter(|hosts| !hosts.is_empty()).unwrap_or_default();
        hosts.push(if hosts.is_empty() { "127.0.0.1,localhost" } else { ",127.0.0.1,localhost" });
        put(name, &hosts);
    }
    for service in origins.iter().filter_map(|origin| services::of(origin.host())) {
        removed.extend(service.tokens.iter().chain(&service.key));
    }
    for origin in &called {
        let Some(service) = services::of(origin.host()) else { continue };
        if let Some((name, path)) = service.base {
            put(name, format!("{}{path}", ends.base(origin)).as_ref());
        }
        service.key.iter().for_each(|name| put(name, token.as_ref()));
    }
    let mut file = None;
    if let (Some(dir), Some(socket)) = (&ends.gh, &ends.socket)
        && let Some(api) = called.iter().find(|origin| is_github(grants, origin))
    {
        put("GH_CONFIG_DIR", dir.as_os_str());
        if api.host() == "api.github.com" {
            put("GH_TOKEN", token.as_ref());
        } else {
            put("GH_HOST", api.host().as_ref());
            put("GH_ENTERPRISE_TOKEN", token.as_ref());
        }
        let path = serde_json::Value::from(socket.to_string_lossy().into_owned());
        file = Some((dir.join("config.yml"), format!("version: \"1\"\nhttp_unix_socket: {path}\n")));
    }
    let first = outside("GIT_CONFIG_COUNT").and_then(|count| count.to_str()?.parse::<usize>().ok()).unwrap_or(0);
    let settings = git_settings(grants, ends, users);
    put("GIT_CONFIG_COUNT", (first + settings.len()).to_string().as_ref());
    for (at, (key, value)) in settings.into_iter().enumerate() {
        put(&format!("GIT_CONFIG_KEY_{}", first + at), key.as_ref());
        put(&format!("GIT_CONFIG_VALUE_{}", first + at), value.as_ref());
    }
    let names: BTreeSet<String> = set.iter().map(|(name, _)| name.clone()).collect();
    removed.retain(|name| !names.contains(*name));
    Changes { set, removed, file }
}

/// Whether this is the API that `gh` calls: GitHub's, or that of one that somebody runs.
fn is_github(grants: &Grants, origin: &ServerUrl) -> bool {
    let is_own =
        |text: &str| text.contains(&format!("{origin}/api/v3")) || text.contains(&format!("{origin}/api/graphql"));
    origin.host() == "api.github.com" || grants.iter().any(|grant| is_own(&grant.to_string()))
}

/// What leads git to the relay. A tie of prefixes goes to the user's own rule, so each is the whole URL of a
/// repository, and each stands for pushing too.
fn git_settings(grants: &Grants, ends: &Ends, users: &BTreeSet<(ServerUrl, String)>) -> Vec<(String, String)> {
    let here = ends.here();
    let mut all = vec![
        ("credential.helper".to_owned(), String::new()),
        ("core.askPass".to_owned(), String::new()),
        ("transfer.bundleURI".to_owned(), "false".to_owned()),
        (format!("http.{here}/.proxy"), String::new()),
        // What others have sent everywhere is not sent here.
        (format!("http.{here}/.extraHeader"), String::new()),
        (format!("http.{here}/.extraHeader"), format!("Authorization: Bearer {}", ends.token.expose())),
    ];
    let repositories: BTreeSet<&Repository> = grants.iter().filter_map(|grant| grant.repository()).collect();
    for repository in repositories {
        let (url, origin) = (repository.url(), repository.url().origin());
        let base = format!("{}{}", ends.base(&origin), url.path());
        for spelling in spellings(url, users.iter().filter(|(server, _)| *server == origin).map(|(_, user)| user)) {
            all.push((format!("url.{base}.insteadOf"), spelling.clone()));
            all.push((format!("url.{base}.pushInsteadOf"), spelling));
        }
    }
    all
}

/// Every URL under which git may know a repository.
fn spellings<'a>(url: &ServerUrl, users: impl Iterator<Item = &'a String>) -> Vec<String> {
    let (scheme, host, path) = (url.scheme(), url.host(), url.path());
    let text = url.to_string();
    let authority = &text[scheme.len() + 3..text.len() - path.len()];
    let mut all = vec![text.clone()];
    for user in users.map(String::as_str).chain(["git"]).collect::<BTreeSet<_>>() {
        // As git writes it, and as a person does.
        let escaped: String = user.bytes().map(escape).collect();
        all.extend(
            [user, &escaped]
                .into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(|user| format!("{scheme}://{user}@{authority}{path}")),
        );
    }
    if !url.names_port() {
        all.push(format!("ssh://git@{host}{path}"));
        all.push(format!("git@{host}:{}", path.trim_start_matches('/')));
    }
    all
}

fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
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
        let Some((path, text)) = &self.file else { return Ok(()) };
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
        if let Some((path, text)) = &self.file {
            term::data_line(&format!("# {}", path.display()));
            text.lines().for_each(|line| term::data_line(&format!("#   {line}")));
        }
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
            socket: Some("/there/s".into()),
            gh: Some("/there/gh".into()),
            token: no_secret("loom_x"),
        };
        let outside = |name: &str| outside.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
        changes(&grants, &ends, &users, &outside)
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
        let changes =
            made(&["push https://git.example/org/app agent/*"], &[("GIT_CONFIG_COUNT", "2"), ("NO_PROXY", "x")]);
        assert_eq!(value(&changes, "GIT_CONFIG_KEY_1"), None, "what is there stays");
        let base = "url.http://127.0.0.1:7/git.example/org/app";
        let spellings = [
            "https://git.example/org/app",
            "https://al%40corp@git.example/org/app",
            "https://al@corp@git.example/org/app",
            "https://git@git.example/org/app",
            "ssh://git@git.example/org/app",
            "git@git.example:org/app",
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
        assert_eq!(value(&changes, "NO_PROXY").as_deref(), Some("x,127.0.0.1,localhost"));
        assert_eq!(value(&changes, "GIT_TERMINAL_PROMPT").as_deref(), Some("0"));
        for name in LEADS_AROUND {
            assert!(changes.removed.contains(name), "{name}");
        }
        assert!(!changes.removed.contains("GITHUB_TOKEN"), "of a server that is not granted");
        assert!(changes.file.is_none());
    }

    #[test]
    fn known_programs_are_told_of_the_relay_where_their_server_is_granted() {
        let changes = made(&["GET https://api.github.com/**", "POST https://api.openai.com/v1/**"], &[]);
        assert_eq!(value(&changes, "OPENAI_BASE_URL").as_deref(), Some("http://127.0.0.1:7/api.openai.com/v1"));
        assert_eq!(value(&changes, "OPENAI_API_KEY").as_deref(), Some("loom_x"));
        assert_eq!(value(&changes, "GH_TOKEN").as_deref(), Some("loom_x"));
        assert_eq!(value(&changes, "GH_CONFIG_DIR").as_deref(), Some("/there/gh"));
        assert!(changes.removed.contains("GITHUB_TOKEN"));
        assert!(!changes.removed.contains("GH_TOKEN"), "it is set");
        assert_eq!(changes.file.as_ref().unwrap().1, "version: \"1\"\nhttp_unix_socket: \"/there/s\"\n");
        let own = made(&["ANY https://git.corp.example/api/v3/**"], &[]);
        assert_eq!(value(&own, "GH_HOST").as_deref(), Some("git.corp.example"));
        assert_eq!(value(&own, "GH_TOKEN"), None);
        assert_eq!(value(&own, "LOOM_GRANTS").as_deref(), Some("ANY https://git.corp.example/api/v3/**"));
    }
}
