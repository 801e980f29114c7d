//! Who sends requests, over which way, and what a request shows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::access::Authority;
use crate::agent::life::auditing::Who;
use crate::base::Secret;

/// Whoever sends requests, one after the other.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) authority: Authority,
    pub(crate) who: Who,
    pub(crate) way: Way,
}

/// How a client's requests come here.
#[derive(Clone)]
pub(crate) enum Way {
    /// Over a socket of the user's that has rights of its own, or one like it: nothing has to be shown there, and a
    /// request may name its server as its host. After SOCKS, no other one.
    Socket {
        /// Where the client said that it wants to go.
        only: Option<String>,
    },
    /// Over a port that others of this machine could reach: each request shows the token.
    Port(Secret),
    /// Through the HTTP door, below this URL; who it is has been found out.
    Door(String),
}

/// What a request shows of who sends it.
#[derive(Debug)]
pub(crate) enum Proof {
    Nothing,
    Token(Secret),
    /// Something that is no token, or more than one thing.
    Odd,
}

/// What `Authorization` shows: git's and curl's `Basic`, with the token as password; `Bearer`; and `token`, as `gh`
/// says it.
pub(crate) fn shown(headers: &HeaderMap) -> Proof {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let Some(first) = all.next() else { return Proof::Nothing };
    let read = || {
        let (scheme, value) = first.to_str().ok()?.split_once(' ')?;
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => Some(value.trim().to_owned()),
            "basic" => {
                let both = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
                let (user, password) = both.split_once(':')?;
                // Some clients can only be told a user.
                Some(if password.is_empty() { user } else { password }.to_owned())
            }
            _ => None,
        }
    };
    match read().and_then(Secret::token) {
        Some(token) if all.next().is_none() => Proof::Token(token),
        _ => Proof::Odd,
    }
}

/// The token that a request shows, if it shows one and nothing else.
pub fn shown_token(headers: &HeaderMap) -> Option<Secret> {
    match shown(headers) {
        Proof::Token(token) => Some(token),
        Proof::Nothing | Proof::Odd => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        match shown(&headers) {
            Proof::Token(token) => Some(token.expose().to_owned()),
            Proof::Nothing | Proof::Odd => None,
        }
    }

    #[test]
    fn a_token_is_shown_as_git_curl_and_gh_show_one() {
        let basic = |both: &str| format!("Basic {}", STANDARD.encode(both));
        for value in ["Bearer loom_x", "bearer loom_x", "token loom_x", &basic("x:loom_x"), &basic("loom_x:")] {
            assert_eq!(token(&[value]).as_deref(), Some("loom_x"), "{value}");
        }
        for odd in
            [&["Digest loom_x"][..], &["Basic !"], &["loom_x"], &["Bearer loom_x", "Bearer loom_y"], &["Bearer "]]
        {
            assert_eq!(token(odd), None, "{odd:?}");
        }
    }
}
