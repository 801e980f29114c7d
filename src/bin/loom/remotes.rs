//! The remotes of this directory: as its configuration has them, and the repositories that git finds there. What a
//! person's own rules make of an address counts, and nothing that an outer `loom exec` set.

use loom_credentials::base::{CloneUrl, Repository, ServerUrl};
use loom_credentials::wire::{Fault, reason};

use crate::git_program::{git, git_with};
use crate::outside::Outside;

/// What ends the name of a setting that is an address.
const ADDRESSES: &str = r"^remote\..*\.(url|pushurl)$";

/// An address, as it is written.
pub struct Remote {
    pub written: String,
    pub repository: Repository,
}

impl Remote {
    /// Whether others can read a password in it, which would be used beside any grant.
    pub fn has_password(&self) -> bool {
        authority(&self.written).is_some_and(|(user, _)| user.is_some_and(|user| user.contains(':')))
    }
}

/// All remotes that are repositories of a server; none where there is no git, or no repository.
pub fn all() -> Vec<Remote> {
    let Ok(said) = git(&["config", "--null", "--get-regexp", ADDRESSES]) else { return Vec::new() };
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let written = said.split('\0').filter_map(|entry| entry.split_once('\n')).map(|(_, address)| address);
    let known = written.flat_map(|written| {
        // By a person's rule it may be another one, and by its own words the one that is granted.
        let read = as_git_reads(written).filter(|read| read != written);
        let both = [of_address(written), read.as_deref().and_then(of_address)];
        both.into_iter().flatten().map(|repository| Remote { written: written.to_owned(), repository })
    });
    known.collect()
}

/// The repository of this directory: its remote called `origin`.
pub fn origin() -> Result<Repository, Fault> {
    let said = git(&["config", "--get", "remote.origin.url"])?;
    let text = String::from_utf8_lossy(&said.stdout);
    let written = text.trim();
    if written.is_empty() {
        return Err(reason::Command::NoOrigin.into());
    }
    let found = as_git_reads(written).and_then(|address| of_address(&address));
    found.ok_or_else(|| reason::Command::OddOrigin { url: without_user(written) }.into())
}

/// The user in the address of this directory's remote, if there is one, and of which server.
pub fn user_of_origin() -> Option<(ServerUrl, String)> {
    let said = git(&["config", "--get", "remote.origin.url"]).ok()?;
    let url = CloneUrl::from_user(String::from_utf8_lossy(&said.stdout).trim()).ok()?;
    Some((url.server.origin(), url.user?))
}

/// What git makes of an address by a person's own rules.
fn as_git_reads(written: &str) -> Option<String> {
    if written.starts_with('-') {
        return None;
    }
    let outside = Outside::of_process();
    let said = git_with(&["ls-remote", "--get-url", written], |command| outside.without_outer(command)).ok()?;
    let address = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    (said.status.success() && !address.is_empty()).then_some(address)
}

/// The repository at the address of a remote. One that is reached by SSH is the one that has the same path over https,
/// as it is at every forge.
fn of_address(url: &str) -> Option<Repository> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Repository::at(&CloneUrl::from_user(url).ok()?.server);
    }
    let (host, path) = match url.strip_prefix("ssh://") {
        Some(rest) => {
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            (host.split_once(':').map_or(host, |(host, _)| host), path)
        }
        None if !url.contains("://") => {
            let (authority, path) = url.split_once(':')?;
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            (host, path.strip_prefix('/').unwrap_or(path))
        }
        None => return None,
    };
    Repository::at(&ServerUrl::parse(&format!("https://{host}/{path}")).ok()?)
}

/// An address as it may be shown: a password stands before the host.
fn without_user(url: &str) -> String {
    match (url.split_once("://"), authority(url)) {
        (Some((scheme, _)), Some((Some(_), rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

/// Of an address with a scheme, who is named in it, and what follows.
fn authority(url: &str) -> Option<(Option<&str>, &str)> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(rest[..end].rfind('@').map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_remote_is_a_repository_over_https() {
        for url in [
            "https://git.example/org/app.git",
            "https://me@git.example/org/app",
            "https://me:secret@git.example/org/app.git/",
            "git@git.example:org/app.git",
            "git.example:/org/app",
            "ssh://git@git.example/org/app.git",
            "ssh://git@git.example:2222/org/app",
        ] {
            let found = of_address(url).map(|repository| repository.to_string());
            assert_eq!(found.as_deref(), Some("https://git.example/org/app"), "{url}");
        }
        for odd in [
            "/srv/git/app.git",
            "../app",
            "file:///srv/app",
            "git@git.example:",
            "ext::sh -c x",
            "C:\\app",
            "https://git.example",
        ] {
            assert!(of_address(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn no_password_in_an_address_is_shown() {
        for (url, shown) in [
            ("https://oauth2:s3cr3t@git.example/org//app", "https://git.example/org//app"),
            ("https://s3cr3t@git.example", "https://git.example"),
            ("https://a:b@c@git.example/x@y", "https://git.example/x@y"),
            ("/srv/git/app.git", "/srv/git/app.git"),
        ] {
            assert_eq!(without_user(url), shown);
        }
    }
}
