use percent_encoding::percent_decode_str;

use super::typed_server::typed;
use super::{ServerUrl, ServerUrlError};

/// A URL as git takes it: a server with a path, and perhaps a user name or more in front of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneUrl {
    /// The server and the path on it, without user name and password.
    pub server: ServerUrl,
    /// The user name in front of the host, percent-decoded as git reads it.
    pub user: Option<String>,
    /// Whether the URL has a password, which git would use without asking anybody. The password itself is not kept
    /// here.
    pub has_password: bool,
}

impl CloneUrl {
    /// Parses what a person types or copies: a bare host means `https://HOST`. Fails if the server's part is no valid
    /// [`ServerUrl`], or if the user name is not UTF-8 or has a line break in it.
    pub fn from_user(text: &str) -> Result<Self, ServerUrlError> {
        let text = typed(text)?;
        let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (name, host) = match authority.split_once('@') {
            Some((name, host)) => (Some(name), host),
            None => (None, authority),
        };
        let separator = if scheme.is_empty() { "" } else { "://" };
        let server = ServerUrl::from_user(&format!("{scheme}{separator}{host}{path}"))?;
        let (user, has_password) = match name.map(|name| name.split_once(':').unwrap_or((name, ""))) {
            Some((user, password)) => (Some(user), !password.is_empty()),
            None => (None, false),
        };
        let user = user.map(|user| percent_decode_str(user).decode_utf8().map(|user| user.into_owned()));
        let user = user.transpose().map_err(|_| ServerUrlError::UserInfo)?;
        if user.as_ref().is_some_and(|user| user.contains(['\n', '\r', '\0'])) {
            Err(ServerUrlError::UserInfo)
        } else {
            Ok(CloneUrl { server, user, has_password })
        }
    }

    /// The server that is meant where a command takes one: the origin of a repository's URL, or of a page of one. A URL
    /// with one part behind the host is where a server lives, or what a login is for.
    pub fn server_meant(&self) -> ServerUrl {
        let mut parts = self.server.path().split('/').filter(|part| !part.is_empty());
        let is_repository = match (parts.next(), parts.next()) {
            (Some(_), Some(_)) => true,
            (Some(only), None) => only.ends_with(".git"),
            (None, _) => false,
        };
        if is_repository { self.server.origin() } else { self.server.clone() }
    }
}

/// Parses what a person types or copies where a command takes a server. A page's address may have a query or a
/// fragment, which says nothing of the server.
pub fn server_from_user(text: &str) -> Result<CloneUrl, ServerUrlError> {
    CloneUrl::from_user(text.split(['?', '#']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_told_from_the_server() {
        let parsed = |text: &str| {
            let url = CloneUrl::from_user(text).unwrap();
            (url.server.to_string(), url.user, url.has_password)
        };
        let git =
            |user: Option<&str>, password| ("https://git.example/a/b.git".into(), user.map(str::to_owned), password);
        assert_eq!(parsed("https://git.example/a/b.git"), git(None, false));
        assert_eq!(parsed("https://al%40corp@git.example/a/b.git"), git(Some("al@corp"), false));
        assert_eq!(parsed("alice@git.example/a/b.git"), git(Some("alice"), false));
        assert_eq!(parsed("https://alice:pw@git.example/a/b.git"), git(Some("alice"), true));
        assert_eq!(parsed("https://git.example/a@b").1, None);
        let meant = |text: &str| server_from_user(text).unwrap().server_meant().to_string();
        for repository in
            ["git.example/a/b.git", "https://me@git.example/a/b", "git.example/b.git", "git.example/a/b?x#y"]
        {
            assert_eq!(meant(repository), "https://git.example", "{repository}");
        }
        assert_eq!(meant("https://git.example:8443/gitea/"), "https://git.example:8443/gitea");
        for odd in ["https://a@b@git.example", "https://a%0ab@git.example", "git@git.example:a/b.git", "https://u@/x"] {
            assert!(CloneUrl::from_user(odd).is_err(), "{odd}");
        }
    }
}
