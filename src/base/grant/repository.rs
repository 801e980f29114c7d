use std::fmt;

use super::{GrantError, is_git_path};
use crate::base::{ServerUrl, UrlPath};

/// A repository at a server: an origin and a path in its one spelling. `/org/app` and `/org/app.git` are one, as they
/// are at every forge; everything else that differs is another repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(ServerUrl);

impl Repository {
    /// Parses a repository's URL, `https` or `http`.
    pub fn parse(text: &str) -> Result<Repository, GrantError> {
        let url = ServerUrl::parse(text).map_err(|error| GrantError::Url { url: text.to_owned(), error })?;
        Repository::at(&url).ok_or_else(|| GrantError::Repository(text.to_owned()))
    }

    /// The repository that this URL names, if it names one.
    pub fn at(url: &ServerUrl) -> Option<Repository> {
        let text = url.to_string();
        let name = text.strip_suffix(".git").unwrap_or(&text);
        let url = ServerUrl::parse(name).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
        let path = UrlPath::parse(url.path()).ok().filter(UrlPath::is_plain)?;
        // What ends like a request of git's, or again with `.git`, could be taken for another repository.
        let is_one = !url.path().is_empty() && !name.ends_with('/') && !is_git_path(&path);
        (is_one && !name.to_ascii_lowercase().ends_with(".git")).then_some(Repository(url))
    }

    /// Its URL, without `.git`.
    pub fn url(&self) -> &ServerUrl {
        &self.0
    }

    /// The repository that the first of these words names, or else the one that is meant, and the words that follow.
    pub(super) fn first_of<'a, 'b>(
        words: &'a [&'b str],
        here: Option<&Repository>,
    ) -> Result<(Repository, &'a [&'b str]), GrantError> {
        match words.split_first() {
            Some((first, rest)) if first.contains("://") => Ok((Repository::parse(first)?, rest)),
            _ => Ok((here.cloned().ok_or(GrantError::NoRepository)?, words)),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_spelling_and_git_at_its_end_says_nothing() {
        let parse = |text: &str| Repository::parse(text).map(|repository| repository.to_string());
        let app = || Ok("https://git.example/org/app".to_owned());
        for same in
            ["https://git.example/org/app", "https://GIT.example:443/org/app.git", "https://git.example/org/app.git/"]
        {
            assert_eq!(parse(same), app(), "{same}");
        }
        for other in
            ["/org/app.wiki", "/org/App", "/org/app.GIT2", "/org/sub/app", "/scm/~me/app", "/My%20Project/_git/x", "/a"]
        {
            let url = format!("https://git.example{other}");
            assert_eq!(parse(&url), Ok(url.clone()));
        }
        for none in [
            "git.example/org/app",
            "https://git.example",
            "https://git.example/",
            "https://git.example/.git",
            "https://git.example/org/.git",
            "https://git.example/org/app.git.git",
            "https://git.example/org/app.GIT",
            "https://git.example/org/app.git/info/refs",
            "https://git.example/org/app/git-receive-pack",
            "https://git.example/org/app/info/lfs/objects/batch",
            "https://git.example/org/../app",
            "https://git.example/org//app",
            "https://git.example/org/%61pp/%2e%2e",
            "https://git.example/org%2Fapp",
            "https://git.example/org/app?x",
            "https://me@git.example/org/app",
            "ssh://git.example/org/app",
            "file:///org/app",
        ] {
            assert!(Repository::parse(none).is_err(), "{none}");
        }
    }
}
