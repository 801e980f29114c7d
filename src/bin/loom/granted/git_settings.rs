//! What leads git to the relay: each spelling of a granted repository stands for its place there. A tie of prefixes
//! goes to a person's own rule, so each is the whole URL of a repository, and each stands for pushing too.

use std::collections::{BTreeMap, BTreeSet};

use loom_credentials::base::{Grants, Repository, ServerUrl};

use super::environment::Ends;
use crate::remotes::Remote;

/// A repository, where it is found, and what is led there.
pub(super) struct Led {
    pub(super) repository: Repository,
    pub(super) base: String,
    pub(super) spellings: BTreeSet<String>,
}

/// The granted repositories, under every name by which git may know them: with the user names that are known at their
/// servers, and as the remotes of this directory are written.
pub(super) fn led(grants: &Grants, ends: &Ends, users: &BTreeSet<(ServerUrl, String)>, remotes: &[Remote]) -> Vec<Led> {
    let mut all: BTreeMap<&Repository, BTreeSet<String>> = BTreeMap::new();
    for repository in grants.iter().filter_map(|grant| grant.repository()) {
        let origin = repository.url().origin();
        let users = users.iter().filter(|(server, _)| *server == origin).map(|(_, user)| user.as_str());
        let written = remotes.iter().filter(|remote| remote.repository == *repository);
        let all = all.entry(repository).or_default();
        all.extend(spellings(repository.url(), users));
        all.extend(written.map(|remote| remote.written.clone()));
    }
    let led = all.into_iter().map(|(repository, spellings)| {
        let base = format!("{}{}", ends.base(&repository.url().origin()), repository.url().path());
        Led { repository: repository.clone(), base, spellings }
    });
    led.collect()
}

/// Git's settings, in their order.
pub(super) fn settings(led: &[Led], ends: &Ends) -> Vec<(String, String)> {
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
    for origin in led.iter().map(|led| led.repository.url().origin()).collect::<BTreeSet<_>>() {
        // A job's checkout has its token there, for the whole server.
        all.push((format!("http.{origin}/.extraHeader"), String::new()));
    }
    for Led { base, spellings, .. } in led {
        for spelling in spellings {
            all.push((format!("url.{base}.insteadOf"), spelling.clone()));
            all.push((format!("url.{base}.pushInsteadOf"), spelling.clone()));
        }
    }
    all
}

/// Every URL under which git may know a repository.
fn spellings<'a>(url: &ServerUrl, users: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (scheme, host, path) = (url.scheme(), url.host(), url.path());
    let text = url.to_string();
    let authority = &text[scheme.len() + 3..text.len() - path.len()];
    // What is longer than a person's own rule for it goes first.
    let mut all = vec![text.clone(), format!("{text}.git")];
    for user in users.chain(["git"]).collect::<BTreeSet<_>>() {
        // As git writes it, and as a person does.
        let escaped: String = user.bytes().map(escape).collect();
        let names = [user, &escaped].into_iter().collect::<BTreeSet<_>>();
        all.extend(names.into_iter().map(|user| format!("{scheme}://{user}@{authority}{path}")));
    }
    if !url.names_port() {
        let relative = path.trim_start_matches('/');
        for user in ["git@", ""] {
            all.push(format!("ssh://{user}{host}{path}"));
            all.push(format!("{user}{host}:{relative}"));
            all.push(format!("{user}{host}:{path}"));
        }
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
