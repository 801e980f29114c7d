//! The grants of a command line: written there, or in the settings under a name. Where one leaves out its repository
//! the `origin` of the directory is meant, which is looked up once and then written out.

use loom_credentials::base::{CloneUrl, Config, Grant, GrantError, Grants, Paths, Repository, ServerUrl};
use loom_credentials::wire::{Fault, reason};

use crate::args::token::GrantArgs;
use crate::git_program::git;

impl GrantArgs {
    /// Whether any are asked for.
    pub fn are_named(&self) -> bool {
        !self.allow.is_empty() || !self.named.is_empty()
    }
}

/// The grants that are asked for, written out; `None` if none are.
pub fn asked(args: &GrantArgs) -> Result<Option<Grants>, Fault> {
    if !args.are_named() {
        return Ok(None);
    }
    let mut texts = args.allow.clone();
    if !args.named.is_empty() {
        let paths = Paths::from_environment().map_err(reason::Below::Place)?;
        let config = Config::load(&paths.config_file()).map_err(reason::Below::Settings)?;
        for name in &args.named {
            let unknown = || Fault::from(reason::Command::UnknownGrants { name: name.clone() });
            texts.extend(config.grants(name).ok_or_else(unknown)?.sentences().iter().cloned());
        }
    }
    let mut here = None;
    let mut all = Vec::new();
    for text in &texts {
        let grant = match Grant::parse(text) {
            Err(GrantError::NoRepository) => {
                if here.is_none() {
                    here = Some(origin()?);
                }
                Grant::parse_at(text, here.as_ref())
            }
            parsed => parsed,
        };
        let bad = |error: GrantError| reason::Command::BadGrant { grant: text.clone(), reason: Some(error.message()) };
        all.push(grant.map_err(bad)?);
    }
    Grants::new(all).map(Some).map_err(|_| reason::Command::TooManyGrants.into())
}

/// The same as the agent is told them.
pub fn sentences(args: &GrantArgs) -> Result<Option<Vec<String>>, Fault> {
    Ok(asked(args)?.map(|grants| grants.iter().map(ToString::to_string).collect()))
}

/// The user in the address of this directory's remote, if there is one, and of which server.
pub fn user_of_origin() -> Option<(ServerUrl, String)> {
    let said = git(&["config", "--get", "remote.origin.url"]).ok()?;
    let url = CloneUrl::from_user(String::from_utf8_lossy(&said.stdout).trim()).ok()?;
    Some((url.server.origin(), url.user?))
}

/// The repository of this directory: its remote called `origin`.
fn origin() -> Result<Repository, Fault> {
    let said = git(&["config", "--get", "remote.origin.url"])?;
    let text = String::from_utf8_lossy(&said.stdout);
    let url = text.trim();
    if url.is_empty() {
        return Err(reason::Command::NoOrigin.into());
    }
    of_remote(url).ok_or_else(|| reason::Command::OddOrigin { url: url.to_owned() }.into())
}

/// The repository at the address of a remote. One that is reached by SSH is the one that has the same path over https,
/// as it is at every forge.
fn of_remote(url: &str) -> Option<Repository> {
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

#[cfg(test)]
mod tests {
    use super::of_remote;

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
            let found = of_remote(url).map(|repository| repository.to_string());
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
            assert!(of_remote(odd).is_none(), "{odd}");
        }
    }
}
